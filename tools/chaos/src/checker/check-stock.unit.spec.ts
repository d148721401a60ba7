import {
  differences,
  event,
  line,
  ofOrder,
  only,
  remove,
  row,
  type CorruptionCase,
} from './testing/sample-run.ts';

describe('checkStock', () => {
  const cases: CorruptionCase[] = [
    [
      'units that were taken twice',
      ({ final }) => (only(final.equipments, row(1)).stock = 6),
      'equipment 1 ends with 6, expected 8: 10 registered - 2 in approved orders',
    ],
    [
      'a movement that differs in the ledger',
      ({ final }) => (only(final.ledger, line(2, 'OUT')).qty = 5),
      'equipment 1 ends with 8, expected 6: 10 registered - 7 taken + 3 returned by the ledger',
    ],
    [
      'a movement without an event',
      ({ final }) => remove(final.messages, event(1, 'StockDecreased')),
      'equipment 1 ends with 8, expected 10: 10 registered - 3 decreased + 3 increased by events',
    ],
    [
      'a stock below 0 at the end',
      ({ final }) => (only(final.equipments, row(1)).stock = -1),
      'equipment 1 ends with -1, below 0',
    ],
    [
      'a stock below 0 during the run',
      ({ history }) => history.stockSamples.push({ equipmentId: 1, stock: -1, at: 1_500 }),
      'equipment 1 had -1 at 1.500 s, below 0',
    ],
    [
      'more than the registered stock during the run',
      ({ history }) => history.stockSamples.push({ equipmentId: 1, stock: 11, at: 1_500 }),
      'equipment 1 had 11 at 1.500 s, more than the 10 registered',
    ],
    [
      'a stock below 0 in an event',
      ({ final }) => {
        const message = only(final.messages, event(1, 'StockDecreased'));
        message.value = message.value.replace('"stock":8', '"stock":-2');
      },
      'StockDecreased e-12 at equipmgnt.equipment[1]@1 leaves equipment 1 with -2, below 0',
    ],
    [
      'a lost update of the stock',
      ({ final }) => {
        for (const message of final.messages.filter(event(2, 'StockDecreased'))) {
          message.value = message.value.replace('"stock":5', '"stock":7');
        }
      },
      'equipment 1 reached a stock of 10 once and left it 2 times, by its events from 10 to 8',
    ],
    [
      'lost equipment',
      ({ final }) => remove(final.equipments, row(1)),
      'equipment 1 was registered with 10, but does not exist',
    ],
    [
      'equipment that no client registered',
      ({ final }) => final.equipments.push({ id: 3, stock: 0 }),
      'equipment 3 exists, but no client registered it',
    ],
    [
      'a registration without an event',
      ({ final }) => remove(final.messages, event(2, 'EquipmentRegistered')),
      'equipment 2 has no EquipmentRegistered on the topics',
    ],
    [
      'a registration event with the wrong stock',
      ({ final }) =>
        (only(final.messages, event(2, 'EquipmentRegistered')).value =
          '{"equipmentId":2,"stock":4}'),
      'EquipmentRegistered e-2 at equipmgnt.equipment[2]@0 reports 4, but 5 were registered',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

describe('checkLedger', () => {
  const cases: CorruptionCase[] = [
    [
      'a missing OUT line',
      ({ final }) => remove(final.ledger, line(1, 'OUT')),
      'order 1 has an approval that is APPROVED, its OUT line in the ledger is none, expected TAKEN',
    ],
    [
      'a missing IN line',
      ({ final }) => remove(final.ledger, line(2, 'IN')),
      'order 2 has an approval that is CANCELLED and an OUT line that is TAKEN, its IN line in the ledger is none, expected RETURNED',
    ],
    [
      'returned units that were never taken',
      ({ final }) => (only(final.ledger, line(4, 'IN')).outcome = 'RETURNED'),
      'order 4 has an approval that is CANCELLED and an OUT line that is none, its IN line in the ledger is RETURNED, expected VOID',
    ],
    [
      'a line for other units',
      ({ final }) => (only(final.ledger, line(1, 'OUT')).qty = 1),
      'order 1 has TAKEN 1 of equipment 1 in the ledger, but is approved for 2 of equipment 1',
    ],
    [
      'a duplicate line',
      ({ final }) => final.ledger.push(only(final.ledger, line(1, 'OUT'))),
      'order 1 has an OUT line in the ledger more than once',
    ],
    [
      'a line of an order that does not exist',
      ({ final }) => final.ledger.push({ ...only(final.ledger, line(1, 'OUT')), orderId: 99 }),
      'the ledger has an OUT line of order 99, which does not exist',
    ],
    [
      'a line of an order without approval',
      ({ final }) => remove(final.approvals, ofOrder(1)),
      'order 1 has an OUT line in the ledger, but no approval',
    ],
    [
      'a line with an unknown direction',
      ({ final }) => (only(final.ledger, line(1, 'OUT')).direction = 'UP'),
      'order 1 has a ledger line with direction "UP"',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

describe('checkApprovals', () => {
  const cases: CorruptionCase[] = [
    [
      'an order that is approved twice',
      ({ final }) => final.approvals.push({ ...only(final.approvals, ofOrder(1)), id: 99 }),
      'order 1 is approved more than once',
    ],
    [
      'an approval with two orders',
      ({ final }) => final.approvals.push({ ...only(final.approvals, ofOrder(1)), orderId: 99 }),
      'approval 1 exists more than once',
    ],
    [
      'an order without approval',
      ({ final }) => remove(final.approvals, ofOrder(1)),
      'order 1 is APPROVED without approval',
    ],
    [
      'an approval that is still valid after its order was cancelled',
      ({ final }) => (only(final.approvals, ofOrder(2)).status = 'APPROVED'),
      'order 2 is CANCELLED, its approval 2 is APPROVED, expected CANCELLED or REJECTED',
    ],
    [
      'a rejected order whose approval is not rejected',
      ({ final }) => (only(final.approvals, ofOrder(3)).status = 'CANCELLED'),
      'order 3 is REJECTED, its approval 3 is CANCELLED, expected REJECTED',
    ],
    [
      'an approval for other units',
      ({ final }) => (only(final.approvals, ofOrder(1)).qty = 1),
      'order 1 is APPROVED, its approval 1 is for 1 of equipment 1, expected 2 of equipment 1',
    ],
    [
      'an order that refers to another approval',
      ({ final }) => (only(final.orders, row(1)).approvalId = 3),
      'order 1 is APPROVED, its approval 1, but the order refers to approval 3',
    ],
    [
      'an approval of an order that does not exist',
      ({ final }) => final.approvals.push({ ...only(final.approvals, ofOrder(1)), orderId: 99 }),
      'an approval is for order 99, which does not exist',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

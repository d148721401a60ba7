import {
  differences,
  event,
  line,
  ofOrder,
  only,
  remove,
  row,
  type Planted,
} from './testing/faults.ts';

describe('check of stock', () => {
  const planted: Planted[] = [
    [
      'units that were taken twice',
      ({ final }) => (only(final.equipments, row(1)).stock = 6),
      'equipment 1 ends with 6, expected 8: 10 registered - 2 in approved orders',
    ],
    [
      'a movement that the ledger does not know',
      ({ final }) => (only(final.ledger, line(2, 'OUT')).qty = 5),
      'equipment 1 ends with 8, expected 6: 10 registered - 7 taken + 3 returned by the ledger',
    ],
    [
      'a movement that was not told',
      ({ final }) => remove(final.messages, event(1, 'StockDecreased')),
      'equipment 1 ends with 8, expected 10: 10 registered - 3 decreased + 3 increased by events',
    ],
    [
      'a stock below 0 at the end',
      ({ final }) => (only(final.equipments, row(1)).stock = -1),
      'equipment 1 ends with -1, below 0',
    ],
    [
      'a stock below 0 on the way',
      ({ history }) => history.stockSamples.push({ equipmentId: 1, stock: -1, at: 1_500 }),
      'equipment 1 had -1 at 1.500 s, below 0',
    ],
    [
      'more than was registered on the way',
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
      'two movements of which one did not see the other',
      ({ final }) => {
        for (const message of final.messages.filter(event(2, 'StockDecreased'))) {
          message.value = message.value.replace('"stock":5', '"stock":7');
        }
      },
      'equipment 1 came to a stock of 10 once and went on from it 2 times, by its events from 10 to 8',
    ],
    [
      'equipment that is lost',
      ({ final }) => remove(final.equipments, row(1)),
      'equipment 1 was registered with 10, but does not exist',
    ],
    [
      'equipment that nobody registered',
      ({ final }) => final.equipments.push({ id: 3, stock: 0 }),
      'equipment 3 exists, but nobody registered it',
    ],
    [
      'a registration that was not told',
      ({ final }) => remove(final.messages, event(2, 'EquipmentRegistered')),
      'equipment 2 has no EquipmentRegistered on the topics',
    ],
    [
      'a registration that was told wrong',
      ({ final }) =>
        (only(final.messages, event(2, 'EquipmentRegistered')).value =
          '{"equipmentId":2,"stock":4}'),
      'EquipmentRegistered e-2 at equipmgnt.equipment[2]@0 tells of 4, but 5 were registered',
    ],
  ];
  it.each(planted)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

describe('check of the ledger', () => {
  const planted: Planted[] = [
    [
      'units that were never handed out',
      ({ final }) => remove(final.ledger, line(1, 'OUT')),
      'order 1 has an approval that is APPROVED, its OUT line in the ledger is none, expected TAKEN',
    ],
    [
      'units that were never taken back',
      ({ final }) => remove(final.ledger, line(2, 'IN')),
      'order 2 has an approval that is CANCELLED and an OUT line that is TAKEN, its IN line in the ledger is none, expected RETURNED',
    ],
    [
      'units that were given back though nobody had taken them',
      ({ final }) => (only(final.ledger, line(4, 'IN')).outcome = 'RETURNED'),
      'order 4 has an approval that is CANCELLED and an OUT line that is none, its IN line in the ledger is RETURNED, expected VOID',
    ],
    [
      'a line for something else',
      ({ final }) => (only(final.ledger, line(1, 'OUT')).qty = 1),
      'order 1 has TAKEN 1 of equipment 1 in the ledger, but is approved for 2 of equipment 1',
    ],
    [
      'a line that is there twice',
      ({ final }) => final.ledger.push(only(final.ledger, line(1, 'OUT'))),
      'order 1 has an OUT line in the ledger more than once',
    ],
    [
      'a line of an order that does not exist',
      ({ final }) => final.ledger.push({ ...only(final.ledger, line(1, 'OUT')), orderId: 99 }),
      'the ledger has an OUT line of order 99, which does not exist',
    ],
    [
      'a line of an order that has no approval',
      ({ final }) => remove(final.approvals, ofOrder(1)),
      'order 1 has an OUT line in the ledger, but no approval',
    ],
    [
      'a line in no direction',
      ({ final }) => (only(final.ledger, line(1, 'OUT')).direction = 'UP'),
      'order 1 has a ledger line that goes "UP"',
    ],
  ];
  it.each(planted)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

describe('check of approvals', () => {
  const planted: Planted[] = [
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
      'an approval that outlives its order',
      ({ final }) => (only(final.approvals, ofOrder(2)).status = 'APPROVED'),
      'order 2 is CANCELLED, its approval 2 is APPROVED, expected CANCELLED or REJECTED',
    ],
    [
      'a rejection that approval does not know',
      ({ final }) => (only(final.approvals, ofOrder(3)).status = 'CANCELLED'),
      'order 3 is REJECTED, its approval 3 is CANCELLED, expected REJECTED',
    ],
    [
      'an approval for something else',
      ({ final }) => (only(final.approvals, ofOrder(1)).qty = 1),
      'order 1 is APPROVED, its approval 1 is for 1 of equipment 1, expected 2 of equipment 1',
    ],
    [
      'an order that names another approval',
      ({ final }) => (only(final.orders, row(1)).approvalId = 3),
      'order 1 is APPROVED, its approval 1, but it names approval 3',
    ],
    [
      'an approval of an order that does not exist',
      ({ final }) => final.approvals.push({ ...only(final.approvals, ofOrder(1)), orderId: 99 }),
      'an approval is for order 99, which does not exist',
    ],
  ];
  it.each(planted)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

import { differences, event, only, remove, type CorruptionCase } from './testing/sample-run.ts';

describe('checkEvents', () => {
  const cases: CorruptionCase[] = [
    [
      'an event that was lost',
      ({ final }) => remove(final.messages, event(1, 'Ordered')),
      'order 1 exists, but there is no Ordered on the topics',
    ],
    [
      'an unpublished cancellation',
      ({ final }) => remove(final.messages, event(4, 'OrderCancelled')),
      'order 4 is CANCELLED, but there is no OrderCancelled on the topics',
    ],
    [
      'an approval that equipment consumed and that was not published',
      ({ final }) => remove(final.messages, event(1, 'ApprovalObtained')),
      'order 1 has an OUT line in the ledger, but there is no ApprovalObtained on the topics',
    ],
    [
      'an event of something that did not happen',
      ({ final }) => {
        const decreased = only(final.messages, event(1, 'StockDecreased'));
        const offset = String(Number(decreased.offset) + 1_000);
        const type = 'equipmgnt.StockIncreased.v1';
        final.messages.push({ ...decreased, offset, type, id: 'e-99' });
      },
      'order 1 has no IN line in the ledger, but there is StockIncreased e-99 at equipmgnt.equipment[1]@1001',
    ],
    [
      'an event with other units',
      ({ final }) => {
        const message = only(final.messages, event(1, 'ApprovalObtained'));
        message.value = message.value.replace('"qty":2', '"qty":3');
      },
      'ApprovalObtained e-11 at equipmgnt.approval[1]@0 reports 3 of equipment 1 for order 1, expected 2 of equipment 1',
    ],
    [
      'an event with another approval',
      ({ final }) => {
        const message = only(final.messages, event(3, 'StockRejected'));
        message.value = message.value.replace('"approvalId":3', '"approvalId":4');
      },
      'StockRejected e-19 at equipmgnt.equipment[0]@0 reports approval 4 for order 3, expected 3',
    ],
    [
      'an effect that happened twice',
      ({ final }) => {
        const decreased = only(final.messages, event(1, 'StockDecreased'));
        final.messages.push({ ...decreased, offset: '1000', id: 'e-99' });
      },
      'order 1 has more than one StockDecreased: e-99 at equipmgnt.equipment[1]@1000 and e-12 at equipmgnt.equipment[1]@1',
    ],
    [
      'a duplicate with other content',
      ({ final }) => {
        const ordered = only(final.messages, event(1, 'Ordered'));
        final.messages.push({ ...ordered, offset: '1000', value: '{}' });
      },
      'event e-3 at equipmgnt.order[1]@0 was sent again at equipmgnt.order[1]@1000 with value {} instead of {"orderId":1,"equipmentId":1,"qty":2}',
    ],
    [
      'events in the wrong order',
      ({ final }) => {
        const ordered = only(final.messages, event(4, 'Ordered'));
        const cancelled = only(final.messages, event(4, 'OrderCancelled'));
        [ordered.offset, cancelled.offset] = [cancelled.offset, ordered.offset];
      },
      'order 4 has its OrderCancelled at equipmgnt.order[1]@1, before its Ordered at equipmgnt.order[1]@3',
    ],
    [
      'a key on two partitions',
      ({ final }) => (only(final.messages, event(4, 'OrderCancelled')).partition = 2),
      'key 4 is on partitions 1 and 2 of equipmgnt.order',
    ],
    [
      'an event on the wrong topic',
      ({ final }) => (only(final.messages, event(1, 'Ordered')).topic = 'equipmgnt.approval'),
      'message equipmgnt.approval[1]@0 is of type Ordered, which belongs on equipmgnt.order',
    ],
    [
      'an event of an unknown type',
      ({ final }) => (only(final.messages, event(1, 'Ordered')).type = 'equipmgnt.Ordered.v2'),
      'message equipmgnt.order[1]@0 is not an event: its type is "equipmgnt.Ordered.v2"',
    ],
    [
      'an event without an id',
      ({ final }) => (only(final.messages, event(1, 'Ordered')).id = ''),
      'message equipmgnt.order[1]@0 is of type Ordered, without an id',
    ],
    [
      'an event that is not JSON',
      ({ final }) => (only(final.messages, event(1, 'Ordered')).value = '{"orderId":'),
      'message equipmgnt.order[1]@0 is of type Ordered, but its value is not a JSON object: {"orderId":',
    ],
    [
      'an event under the key of another order',
      ({ final }) => (only(final.messages, event(1, 'Ordered')).key = '7'),
      'message equipmgnt.order[1]@0 is of type Ordered under key 7, but its orderId is 1',
    ],
    [
      'an event of an order that does not exist',
      ({ final }) => {
        const ordered = only(final.messages, event(1, 'Ordered'));
        const value = ordered.value.replace('"orderId":1', '"orderId":97');
        final.messages.push({ ...ordered, key: '97', id: 'e-99', offset: '1000', value });
      },
      'the topics have events of order 97, which does not exist',
    ],
    [
      'invalid messages that were not poisoned on purpose',
      ({ final }) => final.poison.pop(),
      'message equipmgnt.order[0]@2 is not an event: its type is ""',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

import { differences, only, remove, row, type CorruptionCase } from './testing/sample-run.ts';

describe('checkViews', () => {
  const cases: CorruptionCase[] = [
    [
      'an order that is missing in the view',
      ({ final }) => remove(final.views, row(1)),
      'mis does not show order 1',
    ],
    [
      'an order with wrong fields in the view',
      ({ final }) =>
        Object.assign(only(final.views, row(1)), { equipmentId: 2, status: 'ORDERED' }),
      'mis shows order 1 with equipmentId 2, expected 1; status ORDERED, expected APPROVED',
    ],
    [
      'an order with the wrong approval in the view',
      ({ final }) => (only(final.views, row(1)).approvalId = undefined),
      'mis shows order 1 with approvalId none, expected 1',
    ],
    [
      'an event that is missing in a timeline',
      ({ final }) => only(final.views, row(1)).timeline.pop(),
      'mis shows order 1 with timeline ApprovalObtained Ordered, expected ApprovalObtained Ordered StockDecreased',
    ],
    [
      'an order in the view that does not exist',
      ({ final }) => final.views.push({ ...only(final.views, row(1)), id: 99 }),
      'mis shows order 99, which does not exist',
    ],
    [
      'an order that is in the view twice',
      ({ final }) => final.views.push(only(final.views, row(1))),
      'mis shows order 1 more than once',
    ],
    [
      'an order that is missing in the rebuilt view',
      ({ final }) => final.rebuiltViews && remove(final.rebuiltViews, row(1)),
      'the rebuilt mis does not show order 1',
    ],
    [
      'an order that is only in the rebuilt view',
      ({ final }) => remove(final.views, row(1)),
      'the rebuilt mis shows order 1, mis does not',
    ],
    [
      'an order with other fields in the rebuilt view',
      ({ final }) => (only(final.rebuiltViews ?? [], row(1)).qty = 1),
      'the rebuilt mis shows order 1 with qty 1, expected 2',
    ],
    [
      'a timeline in another order in the rebuilt view',
      ({ final }) => only(final.rebuiltViews ?? [], row(4)).timeline.reverse(),
      'the rebuilt mis shows order 4 with timeline CancelRequested OrderCancelled Ordered, expected Ordered OrderCancelled CancelRequested',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });

  it('works without a rebuilt view', () => {
    expect(differences(({ final }) => (final.rebuiltViews = undefined))).toEqual([]);
  });

  it('accepts any order in a timeline, since the clocks of services may differ', () => {
    const change: CorruptionCase[1] = ({ final }) => {
      only(final.views, row(4)).timeline.reverse();
      only(final.rebuiltViews ?? [], row(4)).timeline.reverse();
    };
    expect(differences(change)).toEqual([]);
  });
});

describe('checkDeadLetters', () => {
  const cases: CorruptionCase[] = [
    [
      'a poisoned message that a group did not move to the dead letters',
      ({ final }) => remove(final.deadLetters, ({ group }) => group === 'mis'),
      'message equipmgnt.order[0]@2 of group mis is in the dead letters 0 times, expected once',
    ],
    [
      'a poisoned message that a group moved to the dead letters twice',
      ({ final }) =>
        final.deadLetters.push(only(final.deadLetters, ({ group }) => group === 'mis')),
      'message equipmgnt.order[0]@2 of group mis is in the dead letters 2 times, expected once',
    ],
    [
      'a valid message in the dead letters',
      ({ final }) =>
        final.deadLetters.push({
          topic: 'equipmgnt.order',
          partition: 1,
          offset: '0',
          group: 'mis',
        }),
      'message equipmgnt.order[1]@0 of group mis is in the dead letters once, but was not poisoned',
    ],
    [
      'events that were never published',
      ({ final }) => (final.outbox['order'] = 3),
      '3 events are still in the outbox of order',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

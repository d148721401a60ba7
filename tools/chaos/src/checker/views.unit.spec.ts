import { differences, only, remove, row, type Planted } from './testing/faults.ts';

describe('check of the view', () => {
  const planted: Planted[] = [
    [
      'an order that is not shown',
      ({ final }) => remove(final.views, row(1)),
      'mis does not show order 1',
    ],
    [
      'an order that is shown wrong',
      ({ final }) =>
        Object.assign(only(final.views, row(1)), { equipmentId: 2, status: 'ORDERED' }),
      'mis shows order 1 with equipmentId 2, expected 1; status ORDERED, expected APPROVED',
    ],
    [
      'an order that is shown with another approval',
      ({ final }) => (only(final.views, row(1)).approvalId = undefined),
      'mis shows order 1 with approvalId none, expected 1',
    ],
    [
      'an event that is not shown',
      ({ final }) => only(final.views, row(1)).timeline.pop(),
      'mis shows order 1 with timeline ApprovalObtained Ordered, expected ApprovalObtained Ordered StockDecreased',
    ],
    [
      'an order that does not exist and is shown',
      ({ final }) => final.views.push({ ...only(final.views, row(1)), id: 99 }),
      'mis shows order 99, which does not exist',
    ],
    [
      'an order that is shown twice',
      ({ final }) => final.views.push(only(final.views, row(1))),
      'mis shows order 1 more than once',
    ],
    [
      'an order that a rebuilt view does not show',
      ({ final }) => final.rebuiltViews && remove(final.rebuiltViews, row(1)),
      'the rebuilt mis does not show order 1',
    ],
    [
      'an order that only a rebuilt view shows',
      ({ final }) => remove(final.views, row(1)),
      'the rebuilt mis shows order 1, mis does not',
    ],
    [
      'an order that a rebuilt view shows otherwise',
      ({ final }) => (only(final.rebuiltViews ?? [], row(1)).qty = 1),
      'the rebuilt mis shows order 1 with qty 1, expected 2',
    ],
    [
      'a timeline that a rebuilt view tells in another order',
      ({ final }) => only(final.rebuiltViews ?? [], row(4)).timeline.reverse(),
      'the rebuilt mis shows order 4 with timeline CancelRequested OrderCancelled Ordered, expected Ordered OrderCancelled CancelRequested',
    ],
  ];
  it.each(planted)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });

  it('does without a rebuilt view', () => {
    expect(differences(({ final }) => (final.rebuiltViews = undefined))).toEqual([]);
  });

  it('lets clocks of services differ, which date the events of a timeline', () => {
    const change: Planted[1] = ({ final }) => {
      only(final.views, row(4)).timeline.reverse();
      only(final.rebuiltViews ?? [], row(4)).timeline.reverse();
    };
    expect(differences(change)).toEqual([]);
  });
});

describe('check of what was put aside', () => {
  const planted: Planted[] = [
    [
      'a poisoned message that a group did not put aside',
      ({ final }) => remove(final.deadLetters, ({ group }) => group === 'mis'),
      'message equipmgnt.order[0]@2 of group mis is in the dead letters 0 times, expected once',
    ],
    [
      'a poisoned message that a group put aside twice',
      ({ final }) =>
        final.deadLetters.push(only(final.deadLetters, ({ group }) => group === 'mis')),
      'message equipmgnt.order[0]@2 of group mis is in the dead letters 2 times, expected once',
    ],
    [
      'a good message that was put aside',
      ({ final }) =>
        final.deadLetters.push({
          topic: 'equipmgnt.order',
          partition: 1,
          offset: '0',
          group: 'mis',
        }),
      'message equipmgnt.order[1]@0 of group mis is in the dead letters once, but was not poisoned for it',
    ],
    [
      'events that were never sent',
      ({ final }) => (final.outbox['order'] = 3),
      '3 events still wait in the outbox of order',
    ],
  ];
  it.each(planted)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});

import fc from 'fast-check';
import { check } from './index.ts';
import { correctRun } from './testing/correct-run.ts';
import { corruptionsOf } from './testing/corruptions.ts';
import { courses, type Course } from './testing/courses.ts';
import { aRun } from './testing/faults.ts';

const wishes = fc.array(
  fc.record({
    course: fc.constantFrom(...(Object.keys(courses) as Course[])),
    equipmentId: fc.integer({ min: 1, max: 3 }),
    qty: fc.integer({ min: 1, max: 4 }),
    unknown: fc.nat(2),
    repeated: fc.boolean(),
    poisoned: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);
const stocks = fc.array(fc.nat(12), { minLength: 3, maxLength: 3 });
const runs = fc
  .tuple(stocks, wishes, fc.array(fc.nat(1_000), { maxLength: 60 }))
  .map(([registered, wanted, picks]) => correctRun(registered, wanted, picks));

describe('check', () => {
  it('finds nothing in a run that went as documented', () => {
    const { history, final } = aRun();
    expect(check({ history, final })).toEqual([]);
    expect(final.orders.map(({ status }) => status).join(' ')).toBe(
      'APPROVED CANCELLED REJECTED CANCELLED APPROVED APPROVED REJECTED CANCELLED',
    );
    expect(final.approvals.map(({ status }) => status).join(' ')).toBe(
      'APPROVED CANCELLED REJECTED CANCELLED APPROVED APPROVED REJECTED REJECTED',
    );
  });

  it('finds nothing in a run where nothing happened', () => {
    expect(check(correctRun([], []))).toEqual([]);
  });

  it('finds nothing in whatever run went as documented', () => {
    fc.assert(
      fc.property(runs, (run) => {
        expect(check(run)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('finds whatever single thing is wrong at the end of a run', () => {
    fc.assert(
      fc.property(runs, fc.nat(), ({ history, final }, pick) => {
        const corruptions = corruptionsOf(final);
        const corruption = corruptions[pick % corruptions.length];
        if (corruption === undefined) throw new Error('nothing to corrupt');
        const found = check({ history, final: corruption.apply() });
        expect([corruption.what, found.length > 0]).toEqual([corruption.what, true]);
      }),
      { numRuns: 500 },
    );
  });

  it('finds each single thing that is wrong at the end of one run', () => {
    const { history, final } = aRun();
    const unseen = corruptionsOf(final).filter(
      ({ apply }) => check({ history, final: apply() }).length === 0,
    );
    expect(unseen.map(({ what }) => what)).toEqual([]);
  });
});

import fc from 'fast-check';
import { check } from './check.ts';
import { correctRun } from './testing/correct-run.ts';
import { corruptionsOf } from './testing/corruptions.ts';
import { orderPaths, type PathName } from './testing/order-paths.ts';
import { sampleRun } from './testing/sample-run.ts';

const plans = fc.array(
  fc.record({
    path: fc.constantFrom(...(Object.keys(orderPaths) as PathName[])),
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
  .tuple(stocks, plans, fc.array(fc.nat(1_000), { maxLength: 60 }))
  .map(([registered, wanted, picks]) => correctRun(registered, wanted, picks));

describe('check', () => {
  it('finds nothing in a correct run', () => {
    const { history, final } = sampleRun();
    expect(check({ history, final })).toEqual([]);
    expect(final.orders.map(({ status }) => status).join(' ')).toBe(
      'APPROVED CANCELLED REJECTED CANCELLED APPROVED APPROVED REJECTED CANCELLED',
    );
    expect(final.approvals.map(({ status }) => status).join(' ')).toBe(
      'APPROVED CANCELLED REJECTED CANCELLED APPROVED APPROVED REJECTED REJECTED',
    );
  });

  it('finds nothing in an empty run', () => {
    expect(check(correctRun([], []))).toEqual([]);
  });

  it('finds nothing in any correct run', () => {
    fc.assert(
      fc.property(runs, (run) => {
        expect(check(run)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('finds any single corruption of the final state of any run', () => {
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

  it('finds every single corruption of the final state of one run', () => {
    const { history, final } = sampleRun();
    const unnoticed = corruptionsOf(final).filter(
      ({ apply }) => check({ history, final: apply() }).length === 0,
    );
    expect(unnoticed.map(({ what }) => what)).toEqual([]);
  });
});

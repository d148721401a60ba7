import {
  autoscaleChecks,
  breakerChecks,
  fallbackChecks,
  livenessChecks,
  noBreakerChecks,
  redeployChecks,
  type BreakerOutcome,
  type LivenessOutcome,
} from './thresholds.ts';
import type { LoggedRequest } from './envoy/access-log.ts';
import type { SiegeReport } from './siege/report.ts';
import { describe as text, median, passed, type Check } from './result.ts';

/** siege's report about answers that took 0.4 s each. */
const siege = (statuses: number[], more: Partial<SiegeReport> = {}): SiegeReport => {
  const failed = statuses.filter((status) => status >= 400).length;
  return {
    availability: (100 * (statuses.length - failed)) / statuses.length,
    elapsedSeconds: 20,
    successful: statuses.length - failed,
    failed,
    longestSeconds: 0.6,
    answers: statuses.map((status) => ({ status, seconds: 0.4 })),
    ...more,
  };
};
const served: LoggedRequest = {
  status: 200,
  flags: '-',
  bytes: 200,
  ms: 400,
  overloaded: false,
  upstream: '127.0.0.1:1',
};
const refused: LoggedRequest = {
  status: 503,
  flags: 'UO',
  bytes: 81,
  ms: 0,
  overloaded: true,
  upstream: undefined,
};
const broken = (checks: readonly Check[]) =>
  checks.filter(({ held }) => !held).map(({ threshold }) => threshold);

describe('A result', () => {
  const held = { threshold: 'one', held: true, found: '1' };

  it('is PASS if there are checks and every check held', () => {
    expect(passed([held])).toBe(true);
    expect(passed([held, { ...held, held: false }])).toBe(false);
    expect(passed([])).toBe(false);
  });

  it('has a line for each check', () => {
    const printed = text([held, { threshold: 'another', held: false, found: '2' }]);
    expect(printed).toMatch(/✓.* one {6}1\n.*✗.* another {2}2\n.*FAIL/);
    expect(text([held])).toMatch(/PASS/);
  });

  it('compares medians', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(() => median([])).toThrow('no median');
  });
});

describe('Without a breaker', () => {
  it('every request has to be served, slowly', () => {
    expect(broken(noBreakerChecks(siege([200, 201])))).toEqual([]);
  });

  it('one failure is too many, even if siege rounds to 100 %', () => {
    const report = siege([...Array<number>(30_000).fill(200), 500], { availability: 100 });
    expect(broken(noBreakerChecks(report))).toEqual([
      'every request is served, availability is 100 %',
    ]);
  });

  it('a fast approval fails the check', () => {
    const report = siege([], { successful: 1, answers: [{ status: 200, seconds: 0.01 }] });
    expect(broken(noBreakerChecks(report))).toEqual(['requests wait, because approval is slow']);
  });

  it('a run without answers fails', () => {
    expect(broken(noBreakerChecks(siege([], { availability: 100 })))).toHaveLength(2);
  });
});

describe("With the mesh's breaker", () => {
  const good: BreakerOutcome = {
    siege: siege([200, 503]),
    requests: [served, refused],
    overflows: 1,
    orders: [201, 202],
    fallbacks: { ERR_BAD_RESPONSE: 1 },
    approved: 2,
    alive: true,
  };

  it('some requests are refused immediately, and orders are accepted', () => {
    expect(broken(breakerChecks(good))).toEqual([]);
  });

  it.each<[string, Partial<BreakerOutcome>, string[]]>([
    [
      'nothing refused',
      { siege: siege([200]), requests: [served], overflows: 0 },
      [
        'siege is served in part',
        "the mesh's breaker tripped: 503 with flag UO",
        'a refusal does not wait for approval',
      ],
    ],
    [
      'a refusal without the header',
      { requests: [served, { ...refused, overloaded: false }] },
      ['each refusal says x-envoy-overloaded'],
    ],
    ['a refusal not counted', { overflows: 0 }, ["Envoy's overflow counter explains each refusal"]],
    [
      'a 503 of other causes',
      { requests: [served, refused, { ...refused, flags: 'UF' }] },
      ['nothing failed for another reason'],
    ],
    [
      'refusals that waited',
      { requests: [served, { ...refused, ms: 390 }] },
      ['a refusal does not wait for approval'],
    ],
    ['approval dead', { alive: false }, ['approval is alive']],
    ['an order refused', { orders: [201, 503] }, ['orders are accepted: 202 after the fallback']],
    ['an order lost', { approved: 1 }, ['all orders are approved in the end']],
  ])('detects: %s', (_, different, thresholds) => {
    expect(broken(breakerChecks({ ...good, ...different }))).toEqual(thresholds);
  });

  it("shows whether order's own breaker tripped as well", () => {
    const printed = (fallbacks: Record<string, number>) =>
      text(breakerChecks({ ...good, fallbacks }));
    expect(printed({ ERR_BAD_RESPONSE: 3 })).toContain(
      "order's own breaker: closed, 3 failed calls",
    );
    expect(printed({ ERR_BAD_RESPONSE: 3, timeout: 2, open: 7 })).toContain(
      "order's own breaker: open for 7 orders, after 5 failed calls",
    );
  });

  it("is checked in a cluster with the log of siege's proxy, which shows approval's refusals as well", () => {
    const passedOn = { ...refused, flags: '-', overloaded: false, upstream: '10.0.0.7:8080' };
    const requests = [served, { ...refused, overloaded: false }, passedOn];
    expect(
      broken(breakerChecks({ ...good, requests, overflows: undefined, fallbacks: undefined })),
    ).toEqual([]);
  });
});

describe('A rolling redeploy', () => {
  const probed = { siege: siege([200]), seconds: 10 };
  // as seen in a cluster: less than 1 % of the requests, but an outage that every user notices
  const lost = [...Array<number>(40_000).fill(200), ...Array<number>(253).fill(503)];
  const unprobed = { siege: siege(lost), seconds: 5 };

  it('loses no request with the readiness probe, and some without it', () => {
    expect(broken(redeployChecks(probed, unprobed, 20))).toEqual([]);
  });

  it('fails if it drops a request', () => {
    const dropped = { ...probed, siege: siege([200, 503]) };
    expect(broken(redeployChecks(dropped, unprobed, 20))).toEqual([
      'with the readiness probe no request fails',
    ]);
  });

  it('fails if there is no difference', () => {
    const few = siege([200, ...Array<number>(19).fill(503)]);
    expect(broken(redeployChecks(probed, { ...unprobed, siege: few }, 20))).toEqual([
      'without it, at least one request per user fails',
    ]);
  });

  it('fails if it takes longer than siege', () => {
    expect(broken(redeployChecks({ ...probed, seconds: 21 }, unprobed, 20))).toEqual([
      'siege lasted longer than the roll-out with it',
    ]);
  });
});

describe('A hung replica', () => {
  const good: LivenessOutcome = {
    siege: siege([200, 503]),
    users: 20,
    givenUpAfterSeconds: 30,
    restarted: 'approval',
    hung: 'approval',
    restartSeconds: 9,
    backAtSeconds: 12,
    answeredElsewhere: 9,
    failedElsewhere: 0,
    answeredSince: 5,
  };

  it('is restarted while the other one serves', () => {
    expect(broken(livenessChecks(good))).toEqual([]);
  });

  it.each<[string, Partial<LivenessOutcome>, string]>([
    ['the wrong one restarted', { restarted: 'approval-2' }, 'found only the hung replica'],
    ['a failure of the other', { failedElsewhere: 1 }, 'the other one kept serving'],
    ['another one that answers nothing', { answeredElsewhere: 0 }, 'the other one kept serving'],
    [
      'more lost than in flight',
      { siege: siege([200, 503, 503]), users: 1 },
      'only requests at the hung',
    ],
    ['one that stays down', { answeredSince: 0 }, 'the restarted replica serves again'],
    ['a siege that was over', { backAtSeconds: 21 }, 'the restarted replica serves again'],
  ])('fails with %s', (_, different, threshold) => {
    const thresholds = broken(livenessChecks({ ...good, ...different }));
    expect(thresholds).toEqual([expect.stringContaining(threshold)]);
  });
});

describe('A late restart of a hung replica', () => {
  const outcome = {
    restartSeconds: 70,
    backAtSeconds: 75,
    users: 1,
    restarted: 'a',
    hung: 'a',
    answeredElsewhere: 9,
    failedElsewhere: 0,
    answeredSince: 1,
  };
  // a user waits until its time limit and then immediately calls the hung replica again
  it.each([
    [30, 3],
    [15, 5],
  ])('may delay each user once in %d s', (givenUpAfterSeconds, times) => {
    const heldFor = (count: number) => ({
      ...outcome,
      givenUpAfterSeconds,
      siege: siege([200, ...Array<number>(count).fill(504)], { elapsedSeconds: 120 }),
    });
    expect(broken(livenessChecks(heldFor(times)))).toEqual([]);
    expect(broken(livenessChecks(heldFor(times + 1)))).toEqual([
      'only requests at the hung replica are lost',
    ]);
  });
});

describe('With approval down', () => {
  it('every order is accepted and approved later', () => {
    const orders = { APPROVED: 3 }; // one more than siege counted: siege stopped before its answer
    expect(broken(fallbackChecks({ siege: siege([202, 202]), orders }))).toEqual([]);
  });

  it.each([
    ['an order refused', siege([202, 503]), { APPROVED: 1 }, 2],
    ['approval that was not down', siege([202, 201]), { APPROVED: 2 }, 1],
    ['an order that still waits', siege([202, 202]), { APPROVED: 2, ORDERED: 1 }, 1],
    ['an order rejected', siege([202, 202]), { APPROVED: 2, REJECTED: 1 }, 1],
    ['an order lost', siege([202, 202]), { APPROVED: 1 }, 1],
  ])('detects %s', (_, report, orders, count) => {
    expect(broken(fallbackChecks({ siege: report, orders }))).toHaveLength(count);
  });
});

describe('An autoscaler', () => {
  const good = { siege: siege([200]), before: 1, peak: 7, after: 1, max: 10 };

  it('follows the load up and down', () => {
    expect(broken(autoscaleChecks(good))).toEqual([]);
  });

  it.each([
    ['starts with more', { before: 2 }, 'one replica at the start'],
    ['stays', { peak: 1 }, 'more under load, up to 10'],
    ['goes beyond its limit', { peak: 11 }, 'more under load, up to 10'],
    ['does not come back', { after: 3 }, 'one replica again afterwards'],
    ['lets requests fail', { siege: siege([200, 500]) }, 'no request failed'],
  ])('fails if it %s', (_, different, threshold) => {
    expect(broken(autoscaleChecks({ ...good, ...different }))).toEqual([threshold]);
  });
});

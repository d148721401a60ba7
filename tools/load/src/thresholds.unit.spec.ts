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

/** As siege reports answers that took 0.4 s each. */
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

  it('is passed when every check held, and of nothing is not', () => {
    expect(passed([held])).toBe(true);
    expect(passed([held, { ...held, held: false }])).toBe(false);
    expect(passed([])).toBe(false);
  });

  it('is printed line by line', () => {
    const output = text([held, { threshold: 'another', held: false, found: '2' }]);
    expect(output).toMatch(/✓.* one {6}1\n.*✗.* another {2}2\n.*FAIL/);
    expect(text([held])).toMatch(/PASS/);
  });

  it('compares medians', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(() => median([])).toThrow('median of nothing');
  });
});

describe('Without a breaker', () => {
  it('everyone has to be served, slowly', () => {
    expect(broken(noBreakerChecks(siege([200, 201])))).toEqual([]);
  });

  it('one failure is too many, though siege may round it to 100 %', () => {
    const report = siege([...Array<number>(30_000).fill(200), 500], { availability: 100 });
    expect(broken(noBreakerChecks(report))).toEqual(['everyone is served, availability is 100 %']);
  });

  it('fails when approval is not slow', () => {
    const report = siege([], { successful: 1, answers: [{ status: 200, seconds: 0.01 }] });
    expect(broken(noBreakerChecks(report))).toEqual(['and waits: approval is slow']);
  });

  it('nothing answered is nothing shown', () => {
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

  it('passes when some are refused immediately and orders are accepted', () => {
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
    ['a refusal not counted', { overflows: 0 }, ["Envoy's overflow counter explains each"]],
    [
      'a 503 of other causes',
      { requests: [served, refused, { ...refused, flags: 'UF' }] },
      ['nothing failed otherwise'],
    ],
    [
      'refusals that waited',
      { requests: [served, { ...refused, ms: 390 }] },
      ['a refusal does not wait for approval'],
    ],
    ['approval dead', { alive: false }, ['approval is alive']],
    [
      'an order refused',
      { orders: [201, 503] },
      ['orders are accepted at the same time: 202 after the fallback'],
    ],
    ['an order lost', { approved: 1 }, ['and approved in the end, those that waited too']],
  ])('%s is found', (_, different, thresholds) => {
    expect(broken(breakerChecks({ ...good, ...different }))).toEqual(thresholds);
  });

  it("reports whether order's own breaker opened as well", () => {
    const output = (fallbacks: Record<string, number>) =>
      text(breakerChecks({ ...good, fallbacks }));
    expect(output({ ERR_BAD_RESPONSE: 3 })).toContain(
      "order's own breaker: closed, 3 failed calls",
    );
    expect(output({ ERR_BAD_RESPONSE: 3, timeout: 2, open: 7 })).toContain(
      "order's own breaker: open for 7 orders, after 5 failed calls",
    );
  });

  it("is decided in a cluster by the log of siege's proxy, which reports approval's answers as well", () => {
    const passedOn = { ...refused, flags: '-', overloaded: false, upstream: '10.0.0.7:8080' };
    const requests = [served, { ...refused, overloaded: false }, passedOn];
    expect(
      broken(breakerChecks({ ...good, requests, overflows: undefined, fallbacks: undefined })),
    ).toEqual([]);
  });
});

describe('A rolling redeploy', () => {
  const probed = { siege: siege([200]), seconds: 10 };
  const unprobed = { siege: siege([200, 503]), seconds: 5 };

  it('is noticed by nobody with the readiness probe, and visible without it', () => {
    expect(broken(redeployChecks(probed, unprobed))).toEqual([]);
  });

  it('that drops a request is found', () => {
    expect(broken(redeployChecks({ ...probed, siege: siege([200, 503]) }, unprobed))).toEqual([
      'with the readiness probe nobody notices',
    ]);
  });

  it('without difference is found', () => {
    expect(broken(redeployChecks(probed, { ...unprobed, siege: siege([200]) }))).toEqual([
      'without it, availability is visibly less',
    ]);
  });

  it('that outlasts siege proves nothing', () => {
    expect(broken(redeployChecks({ ...probed, seconds: 21 }, unprobed))).toEqual([
      'siege lasted longer than the rollout with it',
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
    failedElsewhere: 0,
    answeredSince: 5,
  };

  it('is restarted while the rest serves', () => {
    expect(broken(livenessChecks(good))).toEqual([]);
  });

  it.each<[string, Partial<LivenessOutcome>, string]>([
    ['the wrong one restarted', { restarted: 'approval-2' }, 'the liveness probe found'],
    ['a failure of the other', { failedElsewhere: 1 }, 'the rest kept serving'],
    ['more lost than in flight', { siege: siege([200, 503, 503]), users: 1 }, 'lost is no more'],
    ['one that stays unavailable', { answeredSince: 0 }, 'the restarted one serves again'],
    ['a siege that was over', { backAtSeconds: 21 }, 'the restarted one serves again'],
  ])('with %s is found', (_, different, threshold) => {
    const thresholds = broken(livenessChecks({ ...good, ...different }));
    expect(thresholds).toEqual([expect.stringContaining(threshold)]);
  });
});

describe('A hung replica that is restarted late', () => {
  const outcome = {
    restartSeconds: 70,
    backAtSeconds: 75,
    users: 1,
    restarted: 'a',
    hung: 'a',
    failedElsewhere: 0,
    answeredSince: 1,
  };
  // its user waits until the time-out, and retries immediately
  it.each([
    [30, 3],
    [15, 5],
  ])('may hold each user once in %d s', (givenUpAfterSeconds, times) => {
    const heldFor = (count: number) => ({
      ...outcome,
      givenUpAfterSeconds,
      siege: siege([200, ...Array<number>(count).fill(504)], { elapsedSeconds: 120 }),
    });
    expect(broken(livenessChecks(heldFor(times)))).toEqual([]);
    expect(broken(livenessChecks(heldFor(times + 1)))).toEqual([
      'lost is no more than what the hung one held',
    ]);
  });
});

describe('With approval away', () => {
  it('every order is accepted and approved later', () => {
    const orders = { APPROVED: 3 }; // one more than siege counted: it was cut off at its end
    expect(broken(fallbackChecks({ siege: siege([202, 202]), orders }))).toEqual([]);
  });

  it.each([
    ['an order refused', siege([202, 503]), { APPROVED: 1 }, 2],
    ['approval that was not away', siege([202, 201]), { APPROVED: 2 }, 1],
    ['an order that still waits', siege([202, 202]), { APPROVED: 2, ORDERED: 1 }, 1],
    ['an order rejected', siege([202, 202]), { APPROVED: 2, REJECTED: 1 }, 1],
    ['an order lost', siege([202, 202]), { APPROVED: 1 }, 1],
  ])('%s is found', (_, report, orders, count) => {
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
    ['does not come back', { after: 3 }, 'one again afterwards'],
    ['lets requests fail', { siege: siege([200, 500]) }, 'no request was refused'],
  ])('that %s is found', (_, different, threshold) => {
    expect(broken(autoscaleChecks({ ...good, ...different }))).toEqual([threshold]);
  });
});

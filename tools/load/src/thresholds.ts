import { refusedAtOtherEnd, refusedByBreaker, type LoggedRequest } from './envoy/access-log.ts';
import { countStatuses, type SiegeReport } from './siege/report.ts';
import { median, type Check } from './result.ts';

/** approval's artificial delay: a response takes between DELAY − JITTER and DELAY + JITTER. */
export const DELAY_MS = 400;
export const JITTER_MS = 220;

// A refusal takes at most this share of a served request's time, because it must not wait for approval.
const QUICK = 0.1;
// At most this, the difference from 100 % is visible in siege's output.
const VISIBLY_LESS = 99;

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** What order's own breaker did. */
function own({ open = 0, ...failed }: Readonly<Record<string, number>>): string {
  const calls = Object.values(failed).reduce((sum, count) => sum + count, 0);
  return open > 0
    ? `open for ${open} orders, after ${calls} failed calls`
    : `closed, ${calls} failed calls`;
}

const figures = ({ availability, successful, failed, answers }: SiegeReport): string =>
  `${availability.toFixed(2)} % of ${successful + failed} requests; ` +
  countStatuses(answers.map(({ status }) => status));

/** Counts the failures, because siege rounds the percentage. */
const fullyAvailable = (threshold: string, report: SiegeReport): Check => ({
  threshold,
  held: report.failed === 0 && report.successful > 0,
  found: figures(report),
});

/** Approval is slow and has no breaker. */
export function noBreakerChecks(report: SiegeReport): Check[] {
  const seconds = report.answers.map((answer) => answer.seconds);
  const typical = seconds.length === 0 ? 0 : median(seconds);
  return [
    fullyAvailable('every request is served, availability is 100 %', report),
    {
      threshold: 'requests wait, because approval is slow',
      held: typical >= (DELAY_MS - JITTER_MS) / 1000,
      found: `${typical.toFixed(2)} s at the median, ${report.longestSeconds.toFixed(2)} s at most`,
    },
  ];
}

export interface BreakerOutcome {
  readonly siege: SiegeReport;
  /** All requests in Envoy's access log: those of siege and those of order. */
  readonly requests: readonly LoggedRequest[];
  /** The refusals that Envoy counted; undefined if its counters cannot be read. */
  readonly overflows: number | undefined;
  /** The statuses of POST /orders during the siege. */
  readonly orders: readonly number[];
  /**
   * The causes of fallbacks that order counted: `open` is order's own breaker, any other cause is a
   * failed call, such as one that the mesh refused. Undefined if its counters cannot be read.
   */
  readonly fallbacks: Readonly<Record<string, number>> | undefined;
  /** The number of these orders that are approved in the end. */
  readonly approved: number;
  /** Whether approval is ready at the end. */
  readonly alive: boolean;
}

/** Approval is slow, and the mesh's breaker is in front of it. */
export function breakerChecks(outcome: BreakerOutcome): Check[] {
  const { siege, requests, overflows, orders, fallbacks, approved, alive } = outcome;
  const refused = requests.filter(refusedByBreaker);
  const passedOn = requests.filter(refusedAtOtherEnd);
  const unexplained = requests.filter(
    (each) => each.status >= 500 && !refusedByBreaker(each) && !refusedAtOtherEnd(each),
  );
  const served = requests.filter(({ status }) => isSuccess(status));
  const waiting = orders.filter((status) => status === 202).length;
  const [quick, slow] = [refused, served].map((some) =>
    some.length === 0 ? NaN : median(some.map(({ ms }) => ms)),
  ) as [number, number];
  return [
    {
      threshold: 'siege is served in part',
      held: siege.successful > 0 && siege.failed > 0,
      found: figures(siege),
    },
    {
      threshold: "the mesh's breaker tripped: 503 with flag UO",
      held: refused.length > 0 && refused.every(({ status }) => status === 503),
      found:
        `${refused.length} refused` +
        (passedOn.length === 0 ? '' : `, and ${passedOn.length} by approval's own proxy`),
    },
    ...(overflows === undefined
      ? []
      : [
          {
            threshold: 'each refusal says x-envoy-overloaded',
            held: refused.every(({ overloaded }) => overloaded),
            found: `${refused.filter(({ overloaded }) => overloaded).length} of ${refused.length}`,
          },
          {
            threshold: "Envoy's overflow counter explains each refusal",
            held: overflows === refused.length,
            found: `${overflows} counted`,
          },
        ]),
    {
      threshold: 'nothing failed for another reason',
      held: unexplained.length === 0,
      found: countStatuses(unexplained.map(({ status }) => status)),
    },
    {
      threshold: 'a refusal does not wait for approval',
      held: quick <= slow * QUICK,
      found: `${quick} ms against ${slow} ms, at the median`,
    },
    { threshold: 'approval is alive', held: alive, found: alive ? 'ready' : 'not ready' },
    {
      threshold: 'orders are accepted: 202 after the fallback',
      held: orders.length > 0 && orders.every((status) => status === 201 || status === 202),
      found: countStatuses(orders) + (fallbacks ? `; order's own breaker: ${own(fallbacks)}` : ''),
    },
    {
      threshold: 'all orders are approved in the end',
      held: approved === orders.length,
      found: `${approved} of ${orders.length}, of which ${waiting} waited`,
    },
  ];
}

export interface Redeployed {
  readonly siege: SiegeReport;
  /** From the start of siege until the end of the rollout. */
  readonly seconds: number;
}

/** Approval is rolled out twice under load: with its readiness probe and without it. */
export function redeployChecks(probed: Redeployed, unprobed: Redeployed): Check[] {
  return [
    fullyAvailable('with the readiness probe no request fails', probed.siege),
    {
      threshold: 'without it, availability is visibly lower',
      held: unprobed.siege.availability <= VISIBLY_LESS,
      found: figures(unprobed.siege),
    },
    ...[probed, unprobed].map(({ siege, seconds }, index) => ({
      threshold: `siege lasted longer than the roll-out ${index === 0 ? 'with' : 'without'} it`,
      held: seconds < siege.elapsedSeconds,
      found: `${siege.elapsedSeconds.toFixed(0)} s, ${seconds.toFixed(0)} s`,
    })),
  ];
}

export interface LivenessOutcome {
  readonly siege: SiegeReport;
  readonly users: number;
  /** The client's time limit for a request without a response. */
  readonly givenUpAfterSeconds: number;
  /** The restarted replica, and the hung one. */
  readonly restarted: string;
  readonly hung: string;
  /** From the hang, and from siege's start, until the restarted replica was ready. */
  readonly restartSeconds: number;
  readonly backAtSeconds: number;
  /** Failed requests that did not go to the hung replica. */
  readonly failedElsewhere: number;
  /** The number of requests that the restarted replica has answered since then. */
  readonly answeredSince: number;
}

/** One of two replicas hangs. */
export function livenessChecks(outcome: LivenessOutcome): Check[] {
  const { siege, users, givenUpAfterSeconds, restarted, hung, restartSeconds } = outcome;
  const { backAtSeconds, failedElsewhere, answeredSince } = outcome;
  // a user waits until the hung replica is killed or the time limit ends, and may then wait again
  const held = users * (1 + Math.floor(restartSeconds / givenUpAfterSeconds));
  return [
    {
      threshold: 'the liveness probe found only the hung replica',
      held: restarted === hung,
      found: `${restarted} was restarted, ready ${restartSeconds.toFixed(1)} s after it hung`,
    },
    {
      threshold: 'the other one kept serving',
      held: failedElsewhere === 0 && siege.successful > 0,
      found: `${failedElsewhere} failed; ${figures(siege)}`,
    },
    {
      threshold: 'only requests at the hung replica are lost',
      held: siege.failed <= held,
      found: `${siege.failed} of at most ${held}`,
    },
    {
      threshold: 'the restarted replica serves again',
      held: answeredSince > 0 && backAtSeconds < siege.elapsedSeconds,
      found: `${answeredSince} answered since; ready ${backAtSeconds.toFixed(0)} s into the siege`,
    },
  ];
}

export interface FallbackOutcome {
  readonly siege: SiegeReport;
  /** The number of the demonstration's orders in each status after approval was up again. */
  readonly orders: Readonly<Record<string, number>>;
}

/** Approval is down while orders arrive, and is started again. */
export function fallbackChecks({ siege, orders }: FallbackOutcome): Check[] {
  const { APPROVED: approved = 0, ...others } = orders;
  const left = Object.entries(others).filter(([, count]) => count > 0);
  return [
    fullyAvailable('every order was accepted', siege),
    {
      threshold: 'every order waited: each answer was 202',
      held: siege.answers.length > 0 && siege.answers.every(({ status }) => status === 202),
      found: countStatuses(siege.answers.map(({ status }) => status)),
    },
    {
      threshold: 'all are APPROVED after approval is up again',
      held: approved >= siege.successful && left.length === 0,
      found: [`APPROVED × ${approved}`, ...left.map(([name, n]) => `${name} × ${n}`)].join(', '),
    },
  ];
}

export interface AutoscaleOutcome {
  readonly siege: SiegeReport;
  /** The number of replicas at the start, the maximum, and at the end. */
  readonly before: number;
  readonly peak: number;
  readonly after: number;
  readonly max: number;
}

/** The autoscaler follows the load. */
export function autoscaleChecks({ siege, before, peak, after, max }: AutoscaleOutcome): Check[] {
  return [
    { threshold: 'one replica at the start', held: before === 1, found: `${before}` },
    {
      threshold: `more under load, up to ${max}`,
      held: peak > before && peak <= max,
      found: `${peak} at most`,
    },
    { threshold: 'one replica again afterwards', held: after === 1, found: `${after}` },
    fullyAvailable('no request failed', siege),
  ];
}

import { refusedAtOtherEnd, refusedByBreaker, type LoggedRequest } from './envoy/access-log.ts';
import { countStatuses, type SiegeReport } from './siege/report.ts';
import { median, type Check } from './result.ts';

/** How slow approval is made: an answer takes between DELAY − JITTER and DELAY + JITTER. */
export const DELAY_MS = 400;
export const JITTER_MS = 220;

// A refusal that had waited for approval would take as long as an answer.
const QUICK = 0.1;
// Below this, what siege prints is less than 100 to everyone's eye.
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

/** Not by the percentage, which is rounded. */
const fullyAvailable = (threshold: string, report: SiegeReport): Check => ({
  threshold,
  held: report.failed === 0 && report.successful > 0,
  found: figures(report),
});

/** Approval is slow, and nothing stands before it. */
export function noBreakerChecks(report: SiegeReport): Check[] {
  const seconds = report.answers.map((answer) => answer.seconds);
  const typical = seconds.length === 0 ? 0 : median(seconds);
  return [
    fullyAvailable('everyone is served, availability is 100 %', report),
    {
      threshold: 'and waits: approval is slow',
      held: typical >= (DELAY_MS - JITTER_MS) / 1000,
      found: `${typical.toFixed(2)} s at the median, ${report.longestSeconds.toFixed(2)} s at most`,
    },
  ];
}

export interface BreakerOutcome {
  readonly siege: SiegeReport;
  /** All that Envoy has seen: siege's requests, and those of order. */
  readonly requests: readonly LoggedRequest[];
  /** How often Envoy counted a refusal; undefined where its counters cannot be read. */
  readonly overflows: number | undefined;
  /** The statuses of POST /orders at the same time. */
  readonly orders: readonly number[];
  /**
   * Why orders fell back, as order counts it: `open` is its own breaker, anything else a call that
   * failed, such as one that the mesh refused. Undefined where its counters cannot be read.
   */
  readonly fallbacks: Readonly<Record<string, number>> | undefined;
  /** How many of these orders are approved in the end. */
  readonly approved: number;
  /** Whether approval is ready at the end. */
  readonly alive: boolean;
}

/** Approval is slow, and the mesh's breaker stands before it. */
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
            threshold: "Envoy's overflow counter explains each",
            held: overflows === refused.length,
            found: `${overflows} counted`,
          },
        ]),
    {
      threshold: 'nothing failed otherwise',
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
      threshold: 'orders are accepted at the same time: 202 after the fallback',
      held: orders.length > 0 && orders.every((status) => status === 201 || status === 202),
      found: countStatuses(orders) + (fallbacks ? `; order's own breaker: ${own(fallbacks)}` : ''),
    },
    {
      threshold: 'and approved in the end, those that waited too',
      held: approved === orders.length,
      found: `${approved} of ${orders.length}, of which ${waiting} waited`,
    },
  ];
}

export interface Redeployed {
  readonly siege: SiegeReport;
  /** How long the rollout took, from siege's start on. */
  readonly seconds: number;
}

/** Approval is rolled out again under load, with its readiness probe and without it. */
export function redeployChecks(probed: Redeployed, unprobed: Redeployed): Check[] {
  return [
    fullyAvailable('with the readiness probe nobody notices', probed.siege),
    {
      threshold: 'without it, availability is visibly less',
      held: unprobed.siege.availability <= VISIBLY_LESS,
      found: figures(unprobed.siege),
    },
    ...[probed, unprobed].map(({ siege, seconds }, index) => ({
      threshold: `siege lasted longer than the rollout ${index === 0 ? 'with' : 'without'} it`,
      held: seconds < siege.elapsedSeconds,
      found: `${siege.elapsedSeconds.toFixed(0)} s, ${seconds.toFixed(0)} s`,
    })),
  ];
}

export interface LivenessOutcome {
  readonly siege: SiegeReport;
  readonly users: number;
  /** After how long a request that nobody answers is given up. */
  readonly givenUpAfterSeconds: number;
  /** Which was restarted, and which hung. */
  readonly restarted: string;
  readonly hung: string;
  /** From the hang until the restarted one was ready, and when that was in siege's time. */
  readonly restartSeconds: number;
  readonly backAtSeconds: number;
  /** Requests that failed although they did not go to the hung one. */
  readonly failedElsewhere: number;
  /** How many the restarted one has answered since. */
  readonly answeredSince: number;
}

/** One of two replicas hangs. */
export function livenessChecks(outcome: LivenessOutcome): Check[] {
  const { siege, users, givenUpAfterSeconds, restarted, hung, restartSeconds } = outcome;
  const { backAtSeconds, failedElsewhere, answeredSince } = outcome;
  // each user waits for the hung one until it is killed or the request given up, then perhaps again
  const held = users * (1 + Math.floor(restartSeconds / givenUpAfterSeconds));
  return [
    {
      threshold: 'the liveness probe found the hung one, and only that',
      held: restarted === hung,
      found: `${restarted} was restarted, ready ${restartSeconds.toFixed(1)} s after it hung`,
    },
    {
      threshold: 'the rest kept serving',
      held: failedElsewhere === 0 && siege.successful > 0,
      found: `${failedElsewhere} failed; ${figures(siege)}`,
    },
    {
      threshold: 'lost is no more than what the hung one held',
      held: siege.failed <= held,
      found: `${siege.failed} of at most ${held}`,
    },
    {
      threshold: 'the restarted one serves again',
      held: answeredSince > 0 && backAtSeconds < siege.elapsedSeconds,
      found: `${answeredSince} answered since; ready ${backAtSeconds.toFixed(0)} s into the siege`,
    },
  ];
}

export interface FallbackOutcome {
  readonly siege: SiegeReport;
  /** All orders of the demonstration by their status once approval was back. */
  readonly orders: Readonly<Record<string, number>>;
}

/** Approval is unavailable while orders come in, and recovers. */
export function fallbackChecks({ siege, orders }: FallbackOutcome): Check[] {
  const { APPROVED: approved = 0, ...others } = orders;
  const left = Object.entries(others).filter(([, count]) => count > 0);
  return [
    fullyAvailable('every order was accepted', siege),
    {
      threshold: 'and waited: each answer was 202',
      held: siege.answers.length > 0 && siege.answers.every(({ status }) => status === 202),
      found: countStatuses(siege.answers.map(({ status }) => status)),
    },
    {
      threshold: 'all are APPROVED after approval is back',
      held: approved >= siege.successful && left.length === 0,
      found: [`APPROVED × ${approved}`, ...left.map(([name, n]) => `${name} × ${n}`)].join(', '),
    },
  ];
}

export interface AutoscaleOutcome {
  readonly siege: SiegeReport;
  /** The number of replicas at the start, at most, and at the end. */
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
    { threshold: 'one again afterwards', held: after === 1, found: `${after}` },
    fullyAvailable('no request was refused', siege),
  ];
}

import { refusedAtOtherEnd, refusedByBreaker, type LoggedRequest } from './envoy/access-log.ts';
import { countStatuses, type SiegeReport } from './siege/report.ts';
import { median, type Check } from './result.ts';

/** approval's artificial delay: a response takes between DELAY − JITTER and DELAY + JITTER. */
export const DELAY_MS = 400;
export const JITTER_MS = 220;

// A refusal takes at most this share of a served request's time, because it must not wait for approval.
const QUICK = 0.1;
const check = (threshold: string, held: boolean, found: string): Check => ({
  threshold,
  held,
  found,
});

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
const fullyAvailable = (threshold: string, report: SiegeReport): Check =>
  check(threshold, report.failed === 0 && report.successful > 0, figures(report));

/** Approval is slow and has no breaker. */
export function noBreakerChecks(report: SiegeReport): Check[] {
  const seconds = report.answers.map((answer) => answer.seconds);
  const typical = seconds.length === 0 ? 0 : median(seconds);
  return [
    fullyAvailable('every request is served, availability is 100 %', report),
    check(
      'requests wait, because approval is slow',
      typical >= (DELAY_MS - JITTER_MS) / 1000,
      `${typical.toFixed(2)} s at the median, ${report.longestSeconds.toFixed(2)} s at most`,
    ),
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
  const overloaded = refused.filter((request) => request.overloaded).length;
  return [
    check('siege is served in part', siege.successful > 0 && siege.failed > 0, figures(siege)),
    check(
      "the mesh's breaker tripped: 503 with flag UO",
      refused.length > 0 && refused.every(({ status }) => status === 503),
      `${refused.length} refused` +
        (passedOn.length === 0 ? '' : `, and ${passedOn.length} by approval's own proxy`),
    ),
    ...(overflows === undefined
      ? []
      : [
          check(
            'each refusal says x-envoy-overloaded',
            overloaded === refused.length,
            `${overloaded} of ${refused.length}`,
          ),
          check(
            "Envoy's overflow counter explains each refusal",
            overflows === refused.length,
            `${overflows} counted`,
          ),
        ]),
    check(
      'nothing failed for another reason',
      unexplained.length === 0,
      countStatuses(unexplained.map(({ status }) => status)),
    ),
    check(
      'a refusal does not wait for approval',
      quick <= slow * QUICK,
      `${quick} ms against ${slow} ms, at the median`,
    ),
    check('approval is alive', alive, alive ? 'ready' : 'not ready'),
    check(
      'orders are accepted: 202 after the fallback',
      orders.length > 0 && orders.every((status) => status === 201 || status === 202),
      countStatuses(orders) + (fallbacks ? `; order's own breaker: ${own(fallbacks)}` : ''),
    ),
    check(
      'all orders are approved in the end',
      approved === orders.length,
      `${approved} of ${orders.length}, of which ${waiting} waited`,
    ),
  ];
}

export interface Redeployed {
  readonly siege: SiegeReport;
  /** From the start of siege until the end of the rollout. */
  readonly seconds: number;
}

/**
 * Approval is rolled out twice under load: with its readiness probe and without it. Refusals are
 * counted, because their share depends on how long siege runs beside the roll-out. One for each user
 * means that nobody could overlook them.
 */
export function redeployChecks(probed: Redeployed, unprobed: Redeployed, users: number): Check[] {
  return [
    fullyAvailable('with the readiness probe no request fails', probed.siege),
    check(
      'without it, at least one request per user fails',
      unprobed.siege.failed >= users,
      `${unprobed.siege.failed} failed, ${users} users; ${figures(unprobed.siege)}`,
    ),
    ...[probed, unprobed].map(({ siege, seconds }, index) =>
      check(
        `siege lasted longer than the roll-out ${index === 0 ? 'with' : 'without'} it`,
        seconds < siege.elapsedSeconds,
        `${siege.elapsedSeconds.toFixed(0)} s, ${seconds.toFixed(0)} s`,
      ),
    ),
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
  /** What the other replicas answered during the hang, and with a status of at least 500. */
  readonly answeredElsewhere: number;
  readonly failedElsewhere: number;
  /** The number of requests that the restarted replica has answered since then. */
  readonly answeredSince: number;
}

/** One of two replicas hangs. */
export function livenessChecks(outcome: LivenessOutcome): Check[] {
  const { siege, users, givenUpAfterSeconds, restarted, hung, restartSeconds } = outcome;
  const { backAtSeconds, answeredElsewhere, failedElsewhere, answeredSince } = outcome;
  // a user waits until the hung replica is killed or the time limit ends, and may then wait again
  const held = users * (1 + Math.floor(restartSeconds / givenUpAfterSeconds));
  return [
    check(
      'the liveness probe found only the hung replica',
      restarted === hung,
      `${restarted} was restarted, ready ${restartSeconds.toFixed(1)} s after it hung`,
    ),
    check(
      'the other one kept serving',
      failedElsewhere === 0 && answeredElsewhere > 0,
      `${answeredElsewhere} answered, ${failedElsewhere} failed; ${figures(siege)}`,
    ),
    check(
      'only requests at the hung replica are lost',
      siege.failed <= held,
      `${siege.failed} of at most ${held}`,
    ),
    check(
      'the restarted replica serves again',
      answeredSince > 0 && backAtSeconds < siege.elapsedSeconds,
      `${answeredSince} answered since; ready ${backAtSeconds.toFixed(0)} s into the siege`,
    ),
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
    check(
      'every order waited: each answer was 202',
      siege.answers.length > 0 && siege.answers.every(({ status }) => status === 202),
      countStatuses(siege.answers.map(({ status }) => status)),
    ),
    check(
      'all are APPROVED after approval is up again',
      approved >= siege.successful && left.length === 0,
      [`APPROVED × ${approved}`, ...left.map(([name, n]) => `${name} × ${n}`)].join(', '),
    ),
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
    check('one replica at the start', before === 1, `${before}`),
    check(`more under load, up to ${max}`, peak > before && peak <= max, `${peak} at most`),
    check('one replica again afterwards', after === 1, `${after}`),
    fullyAvailable('no request failed', siege),
  ];
}

import type { Sighting } from '../run-record.ts';
import { seconds, type IndexedRun } from './indexed-run.ts';
import { canBecome, isStatus } from './specification.ts';

/** When an answer with this status first arrived, and when the last such answer was requested. */
interface Seen {
  firstAnswered: number;
  lastRequested: number;
}

/**
 * No order left a final state or returned to an earlier state. A sighting is true at some moment
 * between its request and its answer. So the order of two sightings is known only if the first was
 * answered before the second was requested. Of all sightings with two given statuses, it is enough
 * to compare the one that was answered first with the one that was requested last.
 */
export function* checkStatusHistory(run: IndexedRun): Iterable<string> {
  const histories = new Map<number, Map<string, Seen>>();
  for (const sighting of sightings(run)) {
    const { orderId, status, from, to } = sighting;
    const history = histories.get(orderId) ?? new Map<string, Seen>();
    histories.set(orderId, history);
    const seen = history.get(status);
    if (seen === undefined) {
      history.set(status, { firstAnswered: to, lastRequested: from });
    } else {
      seen.firstAnswered = Math.min(seen.firstAnswered, to);
      seen.lastRequested = Math.max(seen.lastRequested, from);
    }
  }
  for (const [orderId, history] of histories) {
    yield* ofOrder(orderId, history, run.orders.get(orderId)?.status);
  }
}

/**
 * An acknowledgement is a sighting too. A retry gets the stored first answer, so its status may be
 * from any moment since the first request was sent.
 */
function* sightings({ history }: IndexedRun): Iterable<Sighting> {
  yield* history.sightings;
  for (const { sentAt, answers } of history.orders) {
    for (const answer of answers) {
      if (answer.kind !== 'acknowledged') continue;
      yield { orderId: answer.orderId, status: answer.status, from: sentAt, to: answer.at };
    }
  }
}

function* ofOrder(
  orderId: number,
  history: ReadonlyMap<string, Seen>,
  end: string | undefined,
): Iterable<string> {
  for (const [status, { firstAnswered }] of history) {
    const before = `order ${orderId} was ${status} at ${seconds(firstAnswered)}`;
    if (!isStatus(status)) yield `${before}, which is not a status`;
    else if (end === undefined) yield `${before}, but does not exist`;
    else if (!canBecome(status, end)) yield `${before}, but ends ${end}`;
    for (const [later, { lastRequested }] of history) {
      if (firstAnswered >= lastRequested || !isStatus(status) || canBecome(status, later)) continue;
      yield `${before}, but ${later} when requested at ${seconds(lastRequested)}`;
    }
  }
}

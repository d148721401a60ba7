import type { Sighting } from '../record.ts';
import { seconds, type Books } from './invariants.ts';
import { canBecome, isStatus } from './catalogue.ts';

/** When one status of one order was first told of, and when it was last asked for and told. */
interface Seen {
  firstTold: number;
  lastAsked: number;
}

/**
 * No order left a final state or went back. A sighting holds for some moment between its question
 * and its answer, so two of them are in order only where the first was told before the second was
 * asked. That is so for some pair exactly if it is so for the one told first and the one asked last.
 */
export function* differencesOfHistories(books: Books): Iterable<string> {
  const histories = new Map<number, Map<string, Seen>>();
  for (const sighting of sightings(books)) {
    const { orderId, status, from, to } = sighting;
    const history = histories.get(orderId) ?? new Map<string, Seen>();
    histories.set(orderId, history);
    const seen = history.get(status);
    if (seen === undefined) {
      history.set(status, { firstTold: to, lastAsked: from });
    } else {
      seen.firstTold = Math.min(seen.firstTold, to);
      seen.lastAsked = Math.max(seen.lastAsked, from);
    }
  }
  for (const [orderId, history] of histories) {
    yield* ofOrder(orderId, history, books.orders.get(orderId)?.status);
  }
}

/**
 * An acknowledgement counts as one too. A repeated request is told the first answer again, so that
 * is from any moment since the first request was sent.
 */
function* sightings({ history }: Books): Iterable<Sighting> {
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
  for (const [status, { firstTold }] of history) {
    const before = `order ${orderId} was ${status} at ${seconds(firstTold)}`;
    if (!isStatus(status)) yield `${before}, which is no status`;
    else if (end === undefined) yield `${before}, but does not exist`;
    else if (!canBecome(status, end)) yield `${before}, but ends ${end}`;
    for (const [later, { lastAsked }] of history) {
      if (firstTold >= lastAsked || !isStatus(status) || canBecome(status, later)) continue;
      yield `${before}, yet ${later} when asked at ${seconds(lastAsked)}`;
    }
  }
}

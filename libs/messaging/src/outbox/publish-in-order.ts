import { topics } from '@equipmgnt/contracts';
import type { Message } from 'kafkajs';
import { toMessage } from '../cloud-event.ts';
import { typeOf } from '../kafka-errors.ts';
import type { OutboxRow } from './outbox-rows.ts';
import type { Publisher } from './publisher.ts';

/** A row that can never be sent as it is. */
export interface Refused {
  readonly row: OutboxRow;
  readonly reason: string;
}

/** What a broker answers to a message that it will never accept. */
const REFUSALS = new Set([
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);
const KNOWN_TOPICS: ReadonlySet<string> = new Set(Object.values(topics));

/** A row that cannot become a message. */
class Invalid extends Error {}

/**
 * Publishes rows in their order. A batch that the broker refuses is halved, until only the refused rows
 * are left. Later rows with the key of a refused one are not published, so that each key keeps its order.
 * @throws Error when the brokers may lack some of the rows for another reason: publish all of them again
 */
export async function publishInOrder(
  publisher: Publisher,
  source: string,
  rows: readonly OutboxRow[],
): Promise<{ published: OutboxRow[]; refused: Refused[] }> {
  const published: OutboxRow[] = [];
  const refused: Refused[] = [];
  const send = async (part: readonly OutboxRow[]): Promise<void> => {
    const free = part.filter(({ key }) => !refused.some(({ row }) => row.key === key));
    const [first] = free;
    if (first === undefined) return;
    try {
      await publisher.publish(byTopic(source, free));
      published.push(...free);
    } catch (error) {
      const reason = refusalOf(error, free);
      if (reason === undefined) throw error;
      if (free.length === 1) return void refused.push({ row: first, reason });
      const middle = Math.ceil(free.length / 2);
      await send(free.slice(0, middle));
      await send(free.slice(middle));
    }
  };
  await send(rows);
  return { published, refused };
}

function byTopic(
  source: string,
  rows: readonly OutboxRow[],
): { topic: string; messages: Message[] }[] {
  const messages = new Map<string, Message[]>();
  for (const row of rows) {
    const batch = messages.get(row.topic) ?? [];
    batch.push(messageOf(source, row));
    messages.set(row.topic, batch);
  }
  return [...messages].map(([topic, batch]) => ({ topic, messages: batch }));
}

function messageOf(source: string, row: OutboxRow): Message {
  try {
    return toMessage(source, row);
  } catch (error) {
    throw new Invalid(`it cannot become a message: ${(error as Error).message}`);
  }
}

/** Why some of the rows can never be sent, or nothing if a retry may succeed. */
function refusalOf(error: unknown, rows: readonly OutboxRow[]): string | undefined {
  if (error instanceof Invalid) return error.message;
  const type = typeOf(error);
  if (type !== undefined && REFUSALS.has(type)) return `the broker answers ${type}`;
  // Topics of this version are created when they are missing; others belong to another version.
  const foreign = rows.find(({ topic }) => !KNOWN_TOPICS.has(topic));
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' && foreign
    ? `there is no topic ${foreign.topic}`
    : undefined;
}

import type { FinalState, TopicMessage } from '../../run-record.ts';

/** One wrong thing in the final state of a correct run. */
export interface Corruption {
  readonly what: string;
  readonly apply: () => FinalState;
}

const ROWS = [
  'orders',
  'approvals',
  'equipments',
  'ledger',
  'views',
  'rebuiltViews',
  'deadLetters',
] as const;

const WORDS = [
  ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'],
  ['TAKEN', 'REFUSED', 'RETURNED', 'VOID'],
  ['OUT', 'IN'],
  ['approval', 'mis'],
];

/** Each row missing, duplicated or with one field changed, and each event missing or changed. */
export function corruptionsOf(final: FinalState): Corruption[] {
  const found: Corruption[] = [];
  for (const list of ROWS) {
    const rows: readonly object[] = final[list] ?? [];
    const add = (what: string, changed: () => object[]) =>
      found.push({ what: `${list} ${what}`, apply: () => ({ ...final, [list]: changed() }) });
    for (const [i, row] of rows.entries()) {
      add(`without ${i}`, () => rows.toSpliced(i, 1));
      add(`with ${i} twice`, () => rows.toSpliced(i, 0, row));
      for (const [field, value] of Object.entries(row)) {
        for (const other of otherValues(value)) {
          const changed = { ...row, [field]: other };
          add(`${i} with ${field} ${other}`, () => rows.with(i, changed));
        }
      }
    }
  }
  for (const service of Object.keys(final.outbox)) {
    const outbox = { ...final.outbox, [service]: 1 };
    found.push({ what: `outbox of ${service}`, apply: () => ({ ...final, outbox }) });
  }
  return [...found, ...corruptedMessages(final)];
}

/** Values that a field could have instead. */
function otherValues(value: unknown): unknown[] {
  if (Array.isArray(value)) return [value.slice(1), [...value, 'Ordered']];
  if (typeof value === 'string' && /\D/.test(value)) {
    const words = WORDS.find((each) => each.includes(value)) ?? [];
    return [...words.filter((word) => word !== value), 'other'];
  }
  return [typeof value === 'string' ? `${value}000` : Number(value) + 1_000];
}

function corruptedMessages(final: FinalState): Corruption[] {
  const found: Corruption[] = [];
  const add = (what: string, messages: () => TopicMessage[]) =>
    found.push({ what, apply: () => ({ ...final, messages: messages() }) });
  for (const [i, message] of final.messages.entries()) {
    const { id, type, value } = message;
    if (id === '') continue; // poison
    const name = `${type} ${id}`;
    add(`${name} lost`, () => final.messages.filter((each) => each.id !== id));
    for (const [changed] of value.matchAll(/\d+/g)) {
      const other = { ...message, value: value.replace(changed, `${changed}7`) };
      add(`${name} with ${other.value}`, () => final.messages.with(i, other));
    }
    const anotherEvent = { ...message, id: `${id}-again`, offset: `${message.offset}000` };
    add(`${name} under a second id`, () => [...final.messages, anotherEvent]);
    for (const field of ['topic', 'key', 'type'] as const) {
      const other = { ...message, [field]: `${message[field]}0` };
      add(`${name} with another ${field}`, () => final.messages.with(i, other));
    }
  }
  return found;
}

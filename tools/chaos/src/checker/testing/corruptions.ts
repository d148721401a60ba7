import type { FinalState, TopicMessage } from '../../record.ts';

/** A way in which one thing in the final state of a correct run can be wrong. */
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

/** Every row lost, doubled or with one field changed, and every event lost or changed. */
export function corruptionsOf(final: FinalState): Corruption[] {
  const found: Corruption[] = [];
  for (const list of ROWS) {
    const rows: readonly object[] = final[list] ?? [];
    const become = (what: string, changed: () => object[]) =>
      found.push({ what: `${list} ${what}`, apply: () => ({ ...final, [list]: changed() }) });
    for (const [i, row] of rows.entries()) {
      become(`without ${i}`, () => rows.toSpliced(i, 1));
      become(`with ${i} twice`, () => rows.toSpliced(i, 0, row));
      for (const [field, value] of Object.entries(row)) {
        for (const other of othersThan(value)) {
          const changed = { ...row, [field]: other };
          become(`${i} with ${field} ${other}`, () => rows.with(i, changed));
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
function othersThan(value: unknown): unknown[] {
  if (Array.isArray(value)) return [value.slice(1), [...value, 'Ordered']];
  if (typeof value === 'string' && /\D/.test(value)) {
    const words = WORDS.find((each) => each.includes(value)) ?? [];
    return [...words.filter((word) => word !== value), 'other'];
  }
  return [typeof value === 'string' ? `${value}000` : Number(value) + 1_000];
}

function corruptedMessages(final: FinalState): Corruption[] {
  const found: Corruption[] = [];
  const become = (what: string, messages: () => TopicMessage[]) =>
    found.push({ what, apply: () => ({ ...final, messages: messages() }) });
  for (const [i, message] of final.messages.entries()) {
    const { id, type, value } = message;
    if (id === '') continue; // poison
    const name = `${type} ${id}`;
    become(`${name} lost`, () => final.messages.filter((each) => each.id !== id));
    for (const [changed] of value.matchAll(/\d+/g)) {
      const other = { ...message, value: value.replace(changed, `${changed}7`) };
      become(`${name} with ${other.value}`, () => final.messages.with(i, other));
    }
    const anotherEvent = { ...message, id: `${id}-again`, offset: `${message.offset}000` };
    become(`${name} under a second id`, () => [...final.messages, anotherEvent]);
    for (const field of ['topic', 'key', 'type'] as const) {
      const other = { ...message, [field]: `${message[field]}0` };
      become(`${name} with another ${field}`, () => final.messages.with(i, other));
    }
  }
  return found;
}

import type { ApprovalRow, LedgerRow } from '../record.ts';
import { sameUnits, strangers, units, type Books } from './invariants.ts';

/** The stock ledger has for each approval the lines that its state says, for just its units. */
export function* differencesOfLedger(books: Books): Iterable<string> {
  for (const approval of books.approvals.values()) {
    const { orderId } = approval;
    yield* ofApproval(approval, books.out.get(orderId), books.in.get(orderId));
  }
  for (const [direction, lines] of [['OUT', books.out] as const, ['IN', books.in] as const]) {
    yield* strangers(lines.keys(), books, `the ledger has an ${direction} line of`);
    for (const { orderId } of lines.values()) {
      if (books.approvals.has(orderId) || !books.orders.has(orderId)) continue;
      yield `order ${orderId} has an ${direction} line in the ledger, but no approval`;
    }
  }
}

/** The outcomes that fit, `none` where there is no line. */
interface Fitting {
  readonly out: readonly string[];
  readonly in: string;
}

function fitting(status: string, out: string): Fitting {
  switch (status) {
    case 'APPROVED':
      return { out: ['TAKEN'], in: 'none' };
    case 'REJECTED':
      return { out: ['REFUSED'], in: 'none' };
    default:
      // cancelled: before it was obtained, after its units were taken, after they were refused, or
      // in between; what was taken comes back, and only that
      return {
        out: ['none', 'TAKEN', 'REFUSED', 'VOID'],
        in: out === 'TAKEN' ? 'RETURNED' : 'VOID',
      };
  }
}

function* ofApproval(
  approval: ApprovalRow,
  out: LedgerRow | undefined,
  back: LedgerRow | undefined,
): Iterable<string> {
  const { orderId, status } = approval;
  const subject = `order ${orderId} has an approval that is ${status}`;
  const outcome = { out: out?.outcome ?? 'none', in: back?.outcome ?? 'none' };
  const expected = fitting(status, outcome.out);
  if (!expected.out.includes(outcome.out)) {
    yield `${subject}, its OUT line in the ledger is ${outcome.out}, expected ${expected.out.join(' or ')}`;
  }
  if (outcome.in !== expected.in) {
    yield (
      `${subject} and an OUT line that is ${outcome.out}, its IN line in the ledger is ` +
      `${outcome.in}, expected ${expected.in}`
    );
  }
  for (const line of [out, back]) {
    if (line === undefined || sameUnits(line, approval)) continue;
    yield (
      `order ${orderId} has ${line.outcome} ${units(line)} in the ledger, ` +
      `but is approved for ${units(approval)}`
    );
  }
}

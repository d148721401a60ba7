import type { ApprovalRow, LedgerRow } from '../run-record.ts';
import { sameUnits, orphans, units, type IndexedRun } from './indexed-run.ts';

/** For each approval, the stock ledger has the lines that the status implies, with the same units. */
export function* checkLedger(run: IndexedRun): Iterable<string> {
  for (const approval of run.approvals.values()) {
    const { orderId } = approval;
    yield* ofApproval(approval, run.out.get(orderId), run.in.get(orderId));
  }
  for (const [direction, lines] of [['OUT', run.out] as const, ['IN', run.in] as const]) {
    yield* orphans(lines.keys(), run, `the ledger has an ${direction} line of`);
    for (const { orderId } of lines.values()) {
      if (run.approvals.has(orderId) || !run.orders.has(orderId)) continue;
      yield `order ${orderId} has an ${direction} line in the ledger, but no approval`;
    }
  }
}

/** The allowed outcomes; `none` means that there is no line. */
interface Allowed {
  readonly out: readonly string[];
  readonly in: string;
}

function allowed(status: string, out: string): Allowed {
  switch (status) {
    case 'APPROVED':
      return { out: ['TAKEN'], in: 'none' };
    case 'REJECTED':
      return { out: ['REFUSED'], in: 'none' };
    default:
      // the cancellation may be consumed before the approval, or after its units were taken or
      // refused; only units that were taken are returned
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
  const expected = allowed(status, outcome.out);
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

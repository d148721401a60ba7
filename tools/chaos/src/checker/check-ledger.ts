import type { ApprovalRow } from '../run-record.ts';
import { sameUnits, orphans, units, type IndexedRun } from './indexed-run.ts';

/** For each approval, the stock ledger has the lines that the status implies, with the same units. */
export function* checkLedger(run: IndexedRun): Iterable<string> {
  for (const approval of run.approvals.values()) yield* ofApproval(approval, run);
  for (const [direction, lines] of [['OUT', run.out] as const, ['IN', run.in] as const]) {
    yield* orphans(lines.keys(), run, `the ledger has an ${direction} line of`);
    for (const { orderId } of lines.values()) {
      if (run.approvals.has(orderId) || !run.orders.has(orderId)) continue;
      yield `order ${orderId} has an ${direction} line in the ledger, but no approval`;
    }
  }
}

/** The allowed outcomes; `none` means that there is no line. */
function allowed(status: string, out: string): { out: readonly string[]; in: string } {
  if (status === 'APPROVED') return { out: ['TAKEN'], in: 'none' };
  if (status === 'REJECTED') return { out: ['REFUSED'], in: 'none' };
  // the cancellation may be consumed before the approval, or after its units were taken or
  // refused; only units that were taken are returned
  return { out: ['none', 'TAKEN', 'REFUSED', 'VOID'], in: out === 'TAKEN' ? 'RETURNED' : 'VOID' };
}

function* ofApproval(approval: ApprovalRow, run: IndexedRun): Iterable<string> {
  const { orderId, status } = approval;
  const lines = { out: run.out.get(orderId), in: run.in.get(orderId) };
  const outcome = { out: lines.out?.outcome ?? 'none', in: lines.in?.outcome ?? 'none' };
  const subject = `order ${orderId} has an approval that is ${status}`;
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
  for (const line of [lines.out, lines.in]) {
    if (line === undefined || sameUnits(line, approval)) continue;
    yield (
      `order ${orderId} has ${line.outcome} ${units(line)} in the ledger, ` +
      `but is approved for ${units(approval)}`
    );
  }
}

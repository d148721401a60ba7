import type { RunRecord } from '../run-record.ts';
import { checkAnswers } from './check-answers.ts';
import { checkApprovals } from './check-approvals.ts';
import { indexRun } from './indexed-run.ts';
import { checkDeadLetters } from './check-dead-letters.ts';
import { checkEvents } from './check-events.ts';
import { checkStatusHistory } from './check-status-history.ts';
import { checkLedger } from './check-ledger.ts';
import { checkStock } from './check-stock.ts';
import { checkViews } from './check-views.ts';

/**
 * Checks the invariants of the suite: the answers that clients got, the rows of the services after the
 * run and the events on the topics must agree. Returns one line for each difference, and none when
 * all invariants hold. There is no tolerance. The checker implements the documented rules and shares
 * no code with the suite, so that it does not repeat a mistake of the suite.
 */
export function check(record: RunRecord): string[] {
  const run = indexRun(record);
  return [
    ...run.differences,
    ...checkAnswers(run),
    ...checkStock(run),
    ...checkApprovals(run),
    ...checkLedger(run),
    ...checkStatusHistory(run),
    ...checkEvents(run),
    ...checkViews(run),
    ...checkDeadLetters(run),
  ];
}

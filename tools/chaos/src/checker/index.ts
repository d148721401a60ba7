import type { Run } from '../record.ts';
import { differencesOfAnswers } from './answers.ts';
import { differencesOfApprovals } from './approvals.ts';
import { openBooks } from './invariants.ts';
import { differencesOfDeadLetters } from './dead-letters.ts';
import { differencesOfEvents } from './events.ts';
import { differencesOfHistories } from './histories.ts';
import { differencesOfLedger } from './ledger.ts';
import { differencesOfStock } from './stock.ts';
import { differencesOfViews } from './views.ts';

/**
 * What does not add up between what clients were told, what the services hold at rest and what is
 * on the topics: one line for each difference, nothing when the books balance. There is no
 * tolerance. It knows the rules of the suite from its documentation and shares no code with it, so
 * that a mistake there is not repeated here.
 */
export function check(run: Run): string[] {
  const books = openBooks(run);
  return [
    ...books.differences,
    ...differencesOfAnswers(books),
    ...differencesOfStock(books),
    ...differencesOfApprovals(books),
    ...differencesOfLedger(books),
    ...differencesOfHistories(books),
    ...differencesOfEvents(books),
    ...differencesOfViews(books),
    ...differencesOfDeadLetters(books),
  ];
}

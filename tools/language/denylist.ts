/** A word that this repository does not use, and the words to use instead. */
export interface OldWord {
  /** Finds it, without regard to case. */
  readonly pattern: RegExp;
  readonly instead: string;
}

const word = (source: string, instead: string): OldWord => ({
  pattern: new RegExp(`(?<![\\w$])(?:${source})(?![\\w$])`, 'giu'),
  instead,
});

/**
 * Words that readers with English as a second language do not know, metaphors, and former names.
 * Words with a technical meaning of their own (`rest`, `stage`, `play`, `bar`, `letter`) are not here.
 */
export const oldWords: readonly OldWord[] = [
  word('tells?|told|telling|retold|foretold', 'publish, report, show, say, distinguish'),
  word('hears?|heard', 'receive, consume'),
  word('anew', 'again'),
  word('at once', 'immediately, or: at the same time'),
  word('meanwhile', 'in the meantime, since then, concurrently'),
  word('whoever|whomever|whom|whosoever', 'the client, the caller, the one that'),
  word(
    'whatsoever|howsoever|wherefore|whence|whither|wherein|thereof|thereby|therein',
    'plain words',
  ),
  word('lest|albeit|whilst|amidst|midst|forthwith|henceforth|notwithstanding|ought', 'plain words'),
  word('befell|befalls?|befallen', 'happened to'),
  word('so be it', 'this is accepted'),
  word('spelt|just so', 'spelled, exactly'),
  word('in hand', 'in flight, concurrent'),
  word('under ?way', 'in progress, in flight'),
  word(
    "(?:is|are|was|were|be|been|being|isn't|stays?|stayed|goes|going|went|while|or|when) away",
    'unavailable, down',
  ),
  word('[a-z]+-away', 'unavailable, down'),
  word('bury|buries|burying|buried', 'move to the dead-letter topic'),
  word('(?:the|no|each|these) letters?', 'dead letter'),
  word('heed|heeds|heeded|heeding', 'use, follow'),
  word('mend|mends|mended|mending', 'fix, repair'),
  word('chatter', 'startup noise'),
  word('strangers', 'orphans, other clients'),
  word('sweeps?|sweeping|sweeper', 'periodic job'),
  word('verdicts?', 'result'),
  word('the books|books', 'invariants, ledger'),
  word('planted', 'mutant, injected'),
  word('scenes?', 'environment, scenario'),
  word('plays|played', 'runs, ran'),
  word('shop', 'client, suite'),
  word('alarms?', 'WakeableSleep, wake'),
  word('hangs? up|hung up', 'closes the connection'),
  word('of (?:ours|theirs|yours|mine)', 'our, their, your, my'),
  word('mayHaveWorked', 'isOutcomeUnknown'),
];

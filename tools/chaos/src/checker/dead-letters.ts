import type { Books } from './invariants.ts';
import { positionOf } from './event-log.ts';

/** Each group put each poisoned message aside once, and nothing else; nothing waits to be sent. */
export function* differencesOfDeadLetters({ final }: Books): Iterable<string> {
  const letters = new Map<string, number>();
  for (const letter of final.deadLetters) {
    const name = nameOf(letter, letter.group);
    letters.set(name, (letters.get(name) ?? 0) + 1);
  }
  for (const { groups, ...poison } of final.poison) {
    for (const group of groups) {
      const name = nameOf(poison, group);
      const count = letters.get(name) ?? 0;
      letters.delete(name);
      if (count !== 1) yield `${name} is in the dead letters ${count} times, expected once`;
    }
  }
  for (const [name, count] of letters) {
    yield `${name} is in the dead letters ${count === 1 ? 'once' : `${count} times`}, but was not poisoned for it`;
  }
  for (const [service, rows] of Object.entries(final.outbox)) {
    if (rows !== 0) yield `${rows} events still wait in the outbox of ${service}`;
  }
}

const nameOf = (at: { topic: string; partition: number; offset: string }, group: string): string =>
  `message ${positionOf(at)} of group ${group}`;

import type { IndexedRun } from './indexed-run.ts';
import { positionOf } from './read-events.ts';

/**
 * Each consumer group moved each poisoned message to the dead-letter topic once, and no other
 * message. All outboxes are empty.
 */
export function* checkDeadLetters({ final }: IndexedRun): Iterable<string> {
  const counts = new Map<string, number>();
  for (const letter of final.deadLetters) {
    const name = nameOf(letter, letter.group);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const { groups, ...poison } of final.poison) {
    for (const group of groups) {
      const name = nameOf(poison, group);
      const count = counts.get(name) ?? 0;
      counts.delete(name);
      if (count !== 1) yield `${name} is in the dead letters ${count} times, expected once`;
    }
  }
  for (const [name, count] of counts) {
    yield `${name} is in the dead letters ${count === 1 ? 'once' : `${count} times`}, but was not poisoned`;
  }
  for (const [service, rows] of Object.entries(final.outbox)) {
    if (rows !== 0) yield `${rows} events are still in the outbox of ${service}`;
  }
}

const nameOf = (at: { topic: string; partition: number; offset: string }, group: string): string =>
  `message ${positionOf(at)} of group ${group}`;

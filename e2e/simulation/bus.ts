import { events, type EventFact } from '@equipmgnt/contracts';
import type { Random } from './random.ts';

/** An event in an outbox or on a topic. */
export interface Message {
  readonly id: string;
  readonly fact: EventFact;
}

/** The outbox of a service: written with the state, emptied by its relay. */
export class Outbox {
  readonly rows: Message[] = [];
  private count = 0;

  constructor(private readonly service: string) {}

  write(facts: readonly EventFact[]): void {
    for (const fact of facts) this.rows.push({ id: `${this.service}-${++this.count}`, fact });
  }
}

type Handler = (facts: readonly EventFact[]) => Promise<void>;

/** A consumer group: what it has still to handle, by topic. */
interface Group {
  readonly handlers: Readonly<Partial<Record<EventFact['type'], Handler>>>;
  readonly pending: Message[];
  readonly handled: Message[];
}

/**
 * Delivers at least once: later, again, and in any order, also of one key, which is more disorder
 * than Kafka makes.
 */
export class Bus {
  readonly published: Message[] = [];
  private readonly groups: Group[] = [];

  constructor(private readonly random: Random) {}

  subscribe(handlers: Group['handlers']): void {
    this.groups.push({ handlers, pending: [], handled: [] });
  }

  publish(messages: readonly Message[]): void {
    this.published.push(...messages);
    for (const group of this.groups) {
      group.pending.push(...messages.filter(({ fact }) => fact.type in group.handlers));
    }
  }

  get drained(): boolean {
    return this.groups.every(({ pending }) => pending.length === 0);
  }

  /**
   * Some messages of one type, for a random group that has any.
   * @returns what handles them, and remembers that they were, or nothing when all is delivered
   */
  next(repeatProbability: number): (() => Promise<void>) | undefined {
    const repeat = this.random.chance(repeatProbability);
    const candidates = this.groups.filter(
      (group) => (repeat ? group.handled : group.pending).length,
    );
    if (candidates.length === 0) return undefined;
    const group = this.random.pick(candidates);
    const from = repeat ? group.handled : group.pending;
    const { type } = this.random.pick(from).fact;
    const batch = from.filter(({ fact }) => fact.type === type && this.random.chance(0.7));
    if (batch.length === 0) return async () => undefined;
    if (repeat) batch.push(...batch.slice(0, 1)); // also twice in one batch
    return async () => {
      await group.handlers[type]?.(batch.map(({ fact }) => fact));
      for (const message of batch) {
        const at = group.pending.indexOf(message);
        if (at >= 0) group.handled.push(...group.pending.splice(at, 1));
      }
    };
  }

  /** Events by their topic, as a rebuilt view would read them. */
  onTopic(topic: string): Message[] {
    return this.published.filter(({ fact }) => events[fact.type].topic === topic);
  }
}

import { events, type EventFact } from '@equipmgnt/contracts';
import type { Random } from '@equipmgnt/testing';
import type { Steps } from './steps.ts';

/** An event in an outbox or on a topic. */
export interface Message {
  readonly id: string;
  readonly fact: EventFact;
}

/** The Kafka key: messages with one key stay in order. */
export function keyOf({ fact }: Pick<Message, 'fact'>): number {
  const { key } = events[fact.type];
  return (fact.data as Record<typeof key, number>)[key];
}

/** The outbox of a service: written with the state, and emptied by the relay. */
export class Outbox {
  readonly rows: Message[] = [];
  constructor(readonly service: string) {}

  write(facts: readonly EventFact[]): void {
    for (const fact of facts) this.rows.push({ id: `${fact.type}/${keyOf({ fact })}`, fact });
  }
}

export type Handlers = Partial<
  Record<EventFact['type'], (facts: readonly EventFact[]) => Promise<void>>
>;

/** Messages that are delivered together. */
export interface Delivery {
  readonly name: string;
  /** Handles the messages and marks them as handled. */
  readonly handle: () => Promise<void>;
}

/** A consumer group. */
export interface Subscription {
  readonly name: string;
  readonly handlers: Handlers;
}

/** Delivers each message to each consumer group, at least once. */
export abstract class Bus {
  readonly published: Message[] = [];

  constructor(
    protected readonly random: Random,
    protected readonly steps: Steps,
  ) {}

  abstract subscribe(group: Subscription): void;

  abstract get drained(): boolean;

  /** Some messages for a random group; nothing when all messages are delivered. */
  abstract next(repeatProbability: number): Delivery | undefined;

  publish(messages: readonly Message[]): void {
    this.published.push(...messages);
    for (const message of messages) this.append(message);
  }

  protected abstract append(message: Message): void;
}

import { events, type EventFact } from '@equipmgnt/contracts';
import { Bus, keyOf, type Delivery, type Message, type Subscription } from './bus.ts';

/** A message for one consumer group. */
interface Entry {
  readonly message: Message;
  handled: boolean;
}

/** A consumer group without any order of delivery. */
interface Group extends Subscription {
  readonly entries: Entry[];
}

/**
 * Delivers in any order, also within one key, which Kafka never does. Like in Kafka, a group that goes
 * back to a message gets all later messages of its key again.
 */
export class DisorderedBus extends Bus {
  private readonly groups: Group[] = [];

  subscribe(group: Subscription): void {
    this.groups.push({ ...group, entries: [] });
  }

  get drained(): boolean {
    return this.groups.every(({ entries }) => entries.every(({ handled }) => handled));
  }

  next(repeatProbability: number): Delivery | undefined {
    const { random } = this;
    const repeat = random.chance(repeatProbability);
    const candidates = this.groups.filter(({ entries }) =>
      entries.some(({ handled }) => handled === repeat),
    );
    if (candidates.length === 0) return undefined;
    const group = random.pick(candidates);
    const first = random.pick(group.entries.filter(({ handled }) => handled === repeat));
    if (repeat) goBack(group, first);
    const { type } = first.message.fact;
    const batch = group.entries.filter(
      (entry) =>
        entry === first ||
        (!entry.handled && entry.message.fact.type === type && random.chance(0.7)),
    );
    if (repeat) batch.push(first); // twice in one batch
    const ids = batch.map(({ message: { id } }) => id);
    const name = `${group.name} gets ${type} ${ids}${repeat ? ' again' : ''}`;
    return { name, handle: () => this.handle(group, type, batch) };
  }

  protected append(message: Message): void {
    for (const { handlers, entries } of this.groups) {
      if (message.fact.type in handlers) entries.push({ message, handled: false });
    }
  }

  private async handle(group: Group, type: EventFact['type'], batch: Entry[]): Promise<void> {
    await group.handlers[type]?.(batch.map(({ message }) => message.fact));
    await this.steps.step('marks them as handled', () => {
      for (const entry of batch) entry.handled = true;
    });
  }
}

function goBack({ entries }: Group, first: Entry): void {
  const key = keyOf(first.message);
  const { topic } = events[first.message.fact.type];
  for (const entry of entries.slice(entries.indexOf(first))) {
    const { message } = entry;
    if (keyOf(message) === key && events[message.fact.type].topic === topic) entry.handled = false;
  }
}

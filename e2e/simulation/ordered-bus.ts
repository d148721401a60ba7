import { events, type EventFact } from '@equipmgnt/contracts';
import { Bus, keyOf, type Delivery, type Message, type Subscription } from './bus.ts';

/** A partition as one consumer group reads it. */
interface Assignment {
  readonly group: Subscription;
  readonly log: readonly Message[];
  /** All messages before it are handled. */
  offset: number;
  inFlight: number;
}

const PARTITIONS = 2;

/**
 * Delivers like Kafka: each partition in order, one batch after another. A redelivery starts at an
 * earlier offset, also while another consumer still handles a batch that it lost in a rebalance.
 */
export class OrderedBus extends Bus {
  private readonly logs = new Map<string, Message[]>();
  private readonly assignments: Assignment[] = [];

  subscribe(group: Subscription): void {
    const types = Object.keys(group.handlers) as EventFact['type'][];
    for (const topic of new Set(types.map((type) => events[type].topic))) {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const log = this.log(topic, partition);
        this.assignments.push({ group, log, offset: 0, inFlight: 0 });
      }
    }
  }

  get drained(): boolean {
    return this.assignments.every(({ offset, log }) => offset === log.length);
  }

  next(repeatProbability: number): Delivery | undefined {
    const { random } = this;
    const repeat = random.chance(repeatProbability);
    const candidates = this.assignments.filter(({ offset, log, inFlight }) =>
      repeat ? offset > 0 : offset < log.length && inFlight === 0,
    );
    if (candidates.length === 0) return undefined;
    const assignment = random.pick(candidates);
    if (repeat) assignment.offset = random.between(0, assignment.offset);
    const { group, offset, log } = assignment;
    const end = Math.min(log.length, offset + random.between(1, 10));
    return {
      name: `${group.name} reads ${offset}-${end}`,
      handle: () => this.handle(assignment, log.slice(offset, end), end),
    };
  }

  protected append(message: Message): void {
    this.log(events[message.fact.type].topic, keyOf(message) % PARTITIONS).push(message);
  }

  private async handle(assignment: Assignment, batch: Message[], end: number): Promise<void> {
    assignment.inFlight += 1;
    try {
      for (const facts of runsOfOneType(batch)) {
        await assignment.group.handlers[facts[0].type]?.(facts);
      }
      await this.steps.step(`commits offset ${end}`, () => {
        assignment.offset = Math.max(assignment.offset, end);
      });
    } finally {
      assignment.inFlight -= 1;
    }
  }

  private log(topic: string, partition: number): Message[] {
    const name = `${topic}/${partition}`;
    const log = this.logs.get(name) ?? [];
    this.logs.set(name, log);
    return log;
  }
}

type Run = [EventFact, ...EventFact[]];

function runsOfOneType(batch: readonly Message[]): Run[] {
  const runs: Run[] = [];
  for (const { fact } of batch) {
    const last = runs.at(-1);
    if (last?.[0].type === fact.type) last.push(fact);
    else runs.push([fact]);
  }
  return runs;
}

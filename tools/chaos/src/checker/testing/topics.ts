import type { FinalState, TopicMessage } from '../../run-record.ts';

const PARTITIONS = 3;

/** The topics of a generated run, with poison messages and their dead letters. */
export class Topics {
  readonly messages: TopicMessage[] = [];
  readonly poison: FinalState['poison'][number][] = [];
  readonly deadLetters: FinalState['deadLetters'][number][] = [];
  private readonly ends = new Map<string, number>();
  private events = 0;

  publish(service: string, name: string, key: number, data: object, times: number): void {
    const event = {
      key: String(key),
      id: `e-${++this.events}`,
      type: `equipmgnt.${name}.v1`,
      value: JSON.stringify(data),
    };
    for (let i = 0; i < times; i++) this.messages.push({ ...this.append(service, key), ...event });
  }

  /** Publishes a poison message for this order; each consumer group moves it to the dead letters. */
  poisonFor(orderId: number): void {
    const at = this.append('order', orderId);
    const groups = ['approval', 'mis'];
    this.messages.push({ ...at, key: String(orderId), id: '', type: '', value: '{"orderId":' });
    this.poison.push({ ...at, groups });
    for (const group of groups) this.deadLetters.push({ ...at, group });
  }

  private append(service: string, key: number) {
    const at = { topic: `equipmgnt.${service}`, partition: key % PARTITIONS };
    const partition = `${at.topic}/${at.partition}`;
    const offset = this.ends.get(partition) ?? 0;
    this.ends.set(partition, offset + 1);
    return { ...at, offset: String(offset) };
  }
}

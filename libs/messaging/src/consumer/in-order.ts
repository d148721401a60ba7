import type { EventType } from '@equipmgnt/contracts';
import type { KafkaMessage } from 'kafkajs';
import type { Received } from '../cloud-event.ts';

/** A received event and its message. */
export interface Delivery {
  readonly message: KafkaMessage;
  readonly event: Received;
}

/** The most events that one transaction handles. */
const MAX_GROUP = 500;

/**
 * Splits a partition's batch into groups of one type, to be handled one group after another. Many
 * events are then handled in one transaction, while every key keeps its order: an event comes after
 * all earlier ones with its key. Events of different keys may overtake each other, as they may across
 * partitions anyway.
 */
export function inOrder(deliveries: readonly Delivery[]): Delivery[][] {
  const waves: Map<EventType, Delivery[]>[] = [];
  const lastOfKey = new Map<string, { wave: number; type: EventType }>();
  for (const delivery of deliveries) {
    const { key, type } = delivery.event;
    const last = lastOfKey.get(key);
    const wave = last === undefined ? 0 : last.type === type ? last.wave : last.wave + 1;
    lastOfKey.set(key, { wave, type });
    const groups = (waves[wave] ??= new Map());
    const group = groups.get(type);
    if (group === undefined) groups.set(type, [delivery]);
    else group.push(delivery);
  }
  return waves.flatMap((groups) => [...groups.values()].flatMap(chunks));
}

function chunks(group: Delivery[]): Delivery[][] {
  const parts: Delivery[][] = [];
  for (let start = 0; start < group.length; start += MAX_GROUP) {
    parts.push(group.slice(start, start + MAX_GROUP));
  }
  return parts;
}

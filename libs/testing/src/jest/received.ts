import { events, type EventData, type EventType } from '@equipmgnt/contracts';
import { randomUUID } from 'node:crypto';

/** An event in the form that a handler receives. */
export const received = <T extends EventType>(type: T, data: EventData<T>) => ({
  id: randomUUID(),
  type,
  key: String((data as Record<string, unknown>)[events[type].key]),
  time: new Date(),
  data,
});

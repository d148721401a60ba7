import {
  isPublishingService,
  SERVICES,
  topology,
  type StatefulService,
} from '@equipmgnt/contracts';
import type { Admin } from 'kafkajs';

type Ends = readonly { readonly partition: number; readonly low: string; readonly high: string }[];

/** Where each topic of events ends now, by topic. */
export async function endsOfTopics(admin: Admin): Promise<ReadonlyMap<string, Ends>> {
  const ends = new Map<string, Ends>();
  for (const service of SERVICES.filter(isPublishingService)) {
    const topic = topology[service].publishes;
    ends.set(topic, await admin.fetchTopicOffsets(topic));
  }
  return ends;
}

/** How many messages before these ends a service has not handled. */
export async function countUnread(
  admin: Admin,
  groupId: StatefulService,
  ends: ReadonlyMap<string, Ends>,
): Promise<number> {
  const topics = topology[groupId].reads;
  const committed = await admin.fetchOffsets({ groupId, topics: [...topics] });
  let count = 0;
  for (const topic of topics) {
    const offsets = committed.find((each) => each.topic === topic)?.partitions ?? [];
    for (const { partition, low, high } of ends.get(topic) ?? []) {
      const offset = offsets.find((each) => each.partition === partition)?.offset ?? '-1';
      count += Math.max(0, Number(high) - Math.max(Number(offset), Number(low)));
    }
  }
  return count;
}

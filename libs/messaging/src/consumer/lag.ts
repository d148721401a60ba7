import { AssignerProtocol, type Admin, type Kafka } from 'kafkajs';
import type { PartitionLag } from './consumer-metrics.ts';

/**
 * The lag of a consumer group by partition: the end of the partition less the committed offset. It
 * includes partitions that no consumer has been assigned yet, and leaves out those of other consumers.
 * @param own partitions of this consumer, by topic
 * @throws KafkaJSError when a topic does not exist or no broker answers
 */
export async function measureLag(
  kafka: Kafka,
  group: string,
  topics: readonly string[],
  own: Readonly<Record<string, readonly number[]>>,
): Promise<PartitionLag[]> {
  const admin = kafka.admin(); // a new one, because an admin client knows only the partitions of its start
  await admin.connect();
  try {
    const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
    const ownedByOthers = await assignedPartitions(admin, group);
    const lags: PartitionLag[] = [];
    for (const topic of topics) {
      const offsets = committed.find((each) => each.topic === topic)?.partitions ?? [];
      for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
        const isOwn = own[topic]?.includes(partition) ?? false;
        if (!isOwn && ownedByOthers.has(`${topic}/${partition}`)) continue;
        const offset = Number(offsets.find((each) => each.partition === partition)?.offset ?? -1);
        lags.push({
          topic,
          partition,
          lag: Math.max(0, Number(high) - Math.max(offset, Number(low))),
        });
      }
    }
    return lags;
  } finally {
    await admin.disconnect();
  }
}

/** All partitions that a member of the group owns: `topic/partition`. */
async function assignedPartitions(admin: Admin, group: string): Promise<Set<string>> {
  const { groups } = await admin.describeGroups([group]);
  const members = groups.flatMap((each) => each.members);
  return new Set(
    members.flatMap(({ memberAssignment }) =>
      Object.entries(
        memberAssignment.length === 0
          ? {}
          : (AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}),
      ).flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}/${partition}`)),
    ),
  );
}

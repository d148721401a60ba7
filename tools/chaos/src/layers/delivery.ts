import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners, type Admin, type Producer } from 'kafkajs';
import { FUTURE_TYPE, GROUPS, POISON_HEADER, TOPICS, type Topic } from '../environment/topics.ts';
import type { Experiment } from './experiment.ts';

/** Environment variables that put approval's clock an hour ahead. */
export const clockAnHourOff = {
  approval: {
    CLOCK_SHIFT_MS: String(3_600_000),
    NODE_OPTIONS: `--import=${new URL('../environment/shift-clock.mjs', import.meta.url).href}`,
  },
};

const DUPLICATES = 0.05;
const POISON = 0.001;

const CONSUMERS = ['order', 'approval', 'equipment', 'mis'] as const;

type Replay = 'offsets set back' | 'offsets deleted';

/**
 * Messages come all over again, twice, or cannot be read: every consumer group reads its topics
 * from the start, once because its offsets were set back and once because they were deleted; then
 * there are 5 % duplicates and 0.1 % poison.
 * @param orders that come in while it happens: a quarter before each replay, the rest disturbed
 */
export async function misdeliver(experiment: Experiment, orders: number): Promise<void> {
  // First, because a consumer that reads a topic again also moves its poison again
  await sentSoFar(experiment, orders / 4);
  await replay(experiment, 'offsets set back');
  await sentSoFar(experiment, orders / 2);
  await replay(experiment, 'offsets deleted');
  await disturb(experiment);
}

const clientOf = ({ environment }: Experiment): Kafka =>
  new Kafka({ brokers: [environment.direct.kafkaBrokers], logLevel: logLevel.NOTHING });

async function sentSoFar(experiment: Experiment, orders: number): Promise<void> {
  while (experiment.loading && experiment.recorder.orders.length < orders) await sleep(100);
}

/** Repeats and spoils messages on all topics for as long as orders come in. */
export async function disturb(experiment: Experiment): Promise<void> {
  const kafka = clientOf(experiment);
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const tap = kafka.consumer({ groupId: `prove-tap-${process.pid}-${Date.now()}` });
  await Promise.all([producer.connect(), tap.connect()]);
  try {
    await tap.subscribe({ topics: [...TOPICS], fromBeginning: true });
    await tap.run({
      eachBatch: async ({ batch }) => {
        const topic = batch.topic as Topic;
        const { partition } = batch;
        const again = batch.messages.filter(
          ({ headers }) => !headers?.['repeated'] && experiment.random.chance(DUPLICATES),
        );
        if (again.length > 0) {
          const messages = again.map(({ key, value, headers }) => ({
            key,
            value,
            headers: { ...headers, repeated: 'yes' },
            partition,
          }));
          await producer.send({ topic, acks: -1, messages });
          experiment.count('duplicates', again.length);
        }
        const spoilt = batch.messages.filter(() => experiment.random.chance(POISON)).length;
        for (let n = 0; n < spoilt; n += 1) await poison(experiment, producer, topic, partition);
      },
    });
    // even a short run has one of each kind
    for (let n = 0; n < KINDS_OF_POISON.length; n += 1) {
      await poison(experiment, producer, experiment.random.pick(TOPICS), n % 2);
    }
    while (experiment.loading) await sleep(200);
  } finally {
    await tap.disconnect();
    await producer.disconnect();
  }
}

const KINDS_OF_POISON = [
  { value: '{"orderId":', headers: { ce_type: 'equipmgnt.Ordered.v1' } },
  { value: '{"orderId":1}', headers: { ce_type: 'equipmgnt.Ordered.v1' } },
  { value: '{}', headers: { ce_type: 'elsewhere.Unheard.v1' } },
  { value: '{}', headers: { ce_type: FUTURE_TYPE } },
  { value: 'what is this', headers: {} },
];

async function poison(
  experiment: Experiment,
  producer: Producer,
  topic: Topic,
  partition: number,
): Promise<void> {
  const { value, headers } = KINDS_OF_POISON[
    (experiment.counts['poison'] ?? 0) % KINDS_OF_POISON.length
  ] as (typeof KINDS_OF_POISON)[number];
  experiment.count('poison');
  const message = { key: '0', value, headers: { ...headers, [POISON_HEADER]: 'yes' }, partition };
  await producer.send({ topic, acks: -1, messages: [message] });
}

/** All consumers stop, forget how far they were, and begin again, while orders come in. */
export async function replay(experiment: Experiment, how: Replay): Promise<void> {
  const processes = CONSUMERS.flatMap((service) => experiment.environment.suite.of(service));
  await experiment.fault(`replay, ${how}`, 'kafka', {
    inject: () => Promise.all(processes.map((process) => process.stop())),
    forMs: 0,
    fix: async () => {
      await forgetOffsets(clientOf(experiment), how);
      await Promise.all(processes.map((process) => process.start()));
    },
  });
  experiment.count('replays');
}

async function forgetOffsets(kafka: Kafka, how: Replay): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (how === 'offsets deleted') await admin.deleteGroups([...CONSUMERS]);
    else await Promise.all(CONSUMERS.map((groupId) => setBack(kafka, admin, groupId)));
  } finally {
    await admin.disconnect();
  }
}

type Group = (typeof CONSUMERS)[number];

/** As a member of the group, for all topics in one request; the admin client's own way takes 5 s for each topic. */
async function setBack(kafka: Kafka, admin: Admin, groupId: Group): Promise<void> {
  const topics = TOPICS.filter((topic) => (GROUPS[topic] as readonly Group[]).includes(groupId));
  const starts = topics.map(async (topic) =>
    (await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => ({
      topic,
      partition,
      offset: low,
    })),
  );
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics, fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachBatch: async () => undefined });
    await joined;
    await consumer.commitOffsets((await Promise.all(starts)).flat());
  } finally {
    await consumer.disconnect();
  }
}

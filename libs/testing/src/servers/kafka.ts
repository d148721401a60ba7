import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaJars } from './downloads/archives.ts';
import { javaExecutable } from './downloads/java.ts';
import { WORKSPACE } from '../layout.ts';
import type { Command } from '../processes/detached.ts';
import type { StartContext } from '../processes/managed-process.ts';
import { run } from '../processes/run.ts';
import { Server, type ServerOptions } from './server.ts';

// Any value works, but it must be the same at each start.
const CLUSTER_ID = 'ZXF1aXBtZW50LXJlbnRhbA';

const LOG_DIRECTORY = 'logs';

export interface KafkaUsers {
  readonly port: number;
  /** For SCRAM-SHA-512, by the users' names. They are added when the storage is formatted. */
  readonly passwords: Readonly<Record<string, string>>;
}

export interface KafkaOptions extends ServerOptions {
  /** The port on 127.0.0.1 for the controller, which runs in the same process. */
  readonly controllerPort: number;
  /** The port in the broker's metadata, by default `port`. */
  readonly advertisedPort?: number | undefined;
  /** A second listener, whose clients are users and need rights. Those of the first may do everything. */
  readonly users?: KafkaUsers | undefined;
  /** More properties of the server; they win over those set here. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** Apache Kafka: one process that is broker and controller. Its url is host:port. */
export function kafka(options: KafkaOptions): Server {
  const broker = `127.0.0.1:${options.port}`;
  return new Server(
    {
      name: 'Kafka',
      command: (start) => prepare(options, start),
      output: { file: options.logFile },
      probe: () => askBroker(broker),
      readyWithinMs: 120_000, // it takes 5 s on an idle core, and several times that on a busy one
      stopSignal: 'SIGTERM',
      stopWithinMs: 30_000,
      pidFile: options.pidFile,
    },
    broker,
  );
}

async function prepare(options: KafkaOptions, { signal, report }: StartContext): Promise<Command> {
  const jars = await kafkaJars(report, signal);
  const java = [
    '-Xmx512m',
    // Only the first compiler, and the serial collector: half the CPU time for a start (5 s instead
    // of 9 s on 2 cores), and the same CPU time per message afterwards.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${join(WORKSPACE, 'kafka-logging.properties')}`,
    '-cp',
    join(jars, '*'),
  ];
  const { directory } = options;
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'server.properties');
  await writeFile(file, properties(options));
  // The last file of the formatting. An empty folder, such as a new mount, does not have it.
  if (!existsSync(join(directory, LOG_DIRECTORY, 'meta.properties'))) {
    report('formatting its storage');
    const users = Object.entries(options.users?.passwords ?? {}).flatMap(([name, password]) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${name},password=${password}]`,
    ]);
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file, ...users];
    await run(javaExecutable(), [...java, ...format], { cwd: directory, signal });
  }
  return { executable: javaExecutable(), args: [...java, 'kafka.Kafka', file], cwd: directory };
}

function properties(options: KafkaOptions): string {
  const { port, controllerPort, advertisedPort = port, users, settings } = options;
  const controller = `127.0.0.1:${controllerPort}`;
  const entries = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    // Relative to the working directory: the value is a comma-separated list that is read as
    // Latin-1, so an absolute path with a comma or an umlaut would break it.
    'log.dirs': LOG_DIRECTORY,
    // After a crash, the controller rejects the restarted broker for this long; by default 9 s.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 1000,
    // The services create the topics, with the partitions that they need.
    'auto.create.topics.enable': false,
    // A consumer group starts immediately instead of waiting 3 s for more members.
    'group.initial.rebalance.delay.ms': 0,
    // There is one broker, so one replica of each partition.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // The default is 50, and each partition costs time: a folder with files to create and load.
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.num.partitions': 8,
    ...(users && {
      listeners: `PLAINTEXT://127.0.0.1:${port},USERS://127.0.0.1:${users.port},CONTROLLER://${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort},USERS://127.0.0.1:${users.port}`,
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,USERS:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'listener.name.users.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'inter.broker.listener.name': 'PLAINTEXT',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    }),
    ...settings,
  };
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function askBroker(broker: string): Promise<void> {
  const client = new Kafka({
    brokers: [broker],
    connectionTimeout: 2000,
    requestTimeout: 2000,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length === 0) throw new Error('the broker has not registered itself yet');
    // On first use this creates the topic of the group coordinator, which consumers would wait for.
    await admin.describeGroups(['any']);
  } finally {
    await admin.disconnect();
  }
}

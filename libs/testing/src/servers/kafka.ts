import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaJars } from './downloads/archives.ts';
import { javaExecutable } from './downloads/java.ts';
import { WORKSPACE } from '../layout.ts';
import type { Command } from '../processes/detached.ts';
import type { StartContext } from '../processes/managed-process.ts';
import { run } from '../processes/run.ts';
import { initialiseOnce } from './initialise-once.ts';
import { Server, type ServerOptions } from './server.ts';

// Any will do; it has to be the same each time.
const CLUSTER_ID = 'ZXF1aXBtZW50LXJlbnRhbA';

export interface KafkaOptions extends ServerOptions {
  /** The port on 127.0.0.1 for the controller, which lives in the same process. */
  readonly controllerPort: number;
  /** The port that clients are told, if not `port`. */
  readonly advertisedPort?: number | undefined;
}

/** A real Apache Kafka: one process that is broker and controller. Its url is host:port. */
export function kafka(options: KafkaOptions): Server {
  const broker = `127.0.0.1:${options.port}`;
  return new Server(
    {
      name: 'Kafka',
      command: (start) => prepare(options, start),
      output: { file: options.logFile },
      probe: () => askBroker(broker),
      readyWithinMs: 120_000, // 5 s with a core of its own, several times that among others
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
    // The quick compiler only, and the simple collector: up with half the CPU time (5 s instead of
    // 9 s on 2 cores), and per message it takes no more afterwards.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${join(WORKSPACE, 'kafka-logging.properties')}`,
    '-cp',
    join(jars, '*'),
  ];
  const inFolder = async (directory: string) => {
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'server.properties');
    await writeFile(file, properties(options));
    return file;
  };
  await initialiseOnce(options.directory, async (directory) => {
    report('formatting its storage');
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c'];
    const flags = [...java, ...format, await inFolder(directory)];
    await run(javaExecutable(), flags, { cwd: directory, signal });
  });
  return {
    executable: javaExecutable(),
    args: [...java, 'kafka.Kafka', await inFolder(options.directory)],
    cwd: options.directory,
  };
}

function properties({ port, controllerPort, advertisedPort = port }: KafkaOptions): string {
  const controller = `127.0.0.1:${controllerPort}`;
  const entries = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    // Relative to the folder it runs in: a list, read as Latin-1, is no place for anyone's path.
    'log.dirs': 'logs',
    // Topics are made by the services, with the partitions they need.
    // After a crash the broker's own controller holds its place for as long: by default 9 s.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 1000,
    'auto.create.topics.enable': false,
    // A consumer group gets going at once instead of waiting 3 s for more members.
    'group.initial.rebalance.delay.ms': 0,
    // One broker: one copy of everything.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // Instead of 50, each of which is a folder with files to make and to load.
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.num.partitions': 8,
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
    // On first use this makes the coordinator's topic, which consumers would have to wait for.
    await admin.describeGroups(['any']);
  } finally {
    await admin.disconnect();
  }
}

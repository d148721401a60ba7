import { deadLetterTopic, SERVICES, topics, type ServiceName } from '@equipmgnt/contracts';
import { readTopic } from '@equipmgnt/messaging/read-topic';
import { freePorts, measureBacklog, waitUntil, type Suite } from '@equipmgnt/testing';
import { runOps, runSuite } from '@equipmgnt/testing/jest';
import { Kafka, logLevel } from 'kafkajs';
import { RollOutClient } from './client.ts';

type Version = 'old' | 'next';
type Ports = Readonly<Record<ServiceName, readonly [number]>>;

/**
 * Which services are replaced at a time. Consumers come before publishers, as docs/releasing.md says, and
 * orders are accepted all the time: a gateway uses the order of the other slot.
 */
const STEPS: readonly (readonly ServiceName[])[] = [
  ['mis', 'equipment', 'approval'],
  ['order'],
  ['gateway'],
];
/** Orders that clients place in each phase, so that both versions serve some of them. */
const ORDERS_PER_PHASE = 100;
const WITHIN = { withinMs: 120_000 };

export interface RollOutResult {
  /** What each phase did, for the log. */
  readonly phases: readonly string[];
  /** What was wrong: refused requests, lost orders, differences between the services. */
  readonly problems: readonly string[];
}

/**
 * Runs two slots with one replica of each service of the old version under load, and replaces them, one
 * slot after the other, by those of each target version. Between the two, each service runs in both
 * versions. Calls go to the other slot: order of one calls approval of the other.
 * @param directories the built repositories of both versions
 */
export async function rollOut(
  directories: Readonly<Record<Version, string>>,
  targets: readonly Version[],
): Promise<RollOutResult> {
  const [first, second] = [await choosePorts(), await choosePorts()];
  const running = await runSuite({ repository: directories.old, ...wired(first, second) });
  try {
    const suites = async (ports: Ports, others: Ports, started?: Suite) => ({
      old:
        started ??
        (await running.prepare({ repository: directories.old, ...wired(ports, others) })),
      next: await running.prepare({ repository: directories.next, ...wired(ports, others) }),
    });
    const slots = [await suites(first, second, running.suite), await suites(second, first)];
    await Promise.all(slots[1]!.old.processes.map((process) => process.start()));

    const client = new RollOutClient(slots.map(({ old }) => old.gateway[0].url));
    await client.begin();
    const phases: string[] = [];
    let version: Version = 'old';
    const phase = async (name: string) => {
      const before = client.placed;
      await waitUntil(async () => {
        if (client.placed < before + ORDERS_PER_PHASE) throw new Error(`${client.placed} orders`);
      }, WITHIN);
      phases.push(`${name}: ${client.placed} orders in all, ${client.retries} requests repeated`);
    };
    try {
      await phase('old');
      for (const target of targets) {
        for (const [index, slot] of slots.entries()) {
          for (const step of STEPS)
            await Promise.all(step.map((service) => replace(service, slot[version], slot[target])));
          await phase(index === 0 ? `old and next, towards ${target}` : target);
        }
        version = target;
      }
    } finally {
      await client.end();
    }
    const problems = [...client.problems];
    await waitUntil(async () => {
      const { total, ...where } = await measureBacklog(running.connections);
      if (total > 0) throw new Error(`messages in flight: ${JSON.stringify(where)}`);
    }, WITHIN);
    const { out, err } = await runOps(running.connections, 'check --json');
    if (err !== '') problems.push(err);
    else problems.push(...JSON.parse(out).differences.map((each: unknown) => JSON.stringify(each)));
    problems.push(
      ...(await client.lost()),
      ...(await deadLetters(running.connections.kafkaBrokers)),
    );
    return { phases, problems };
  } finally {
    await running.stop();
  }
}

async function deadLetters(brokers: string): Promise<string[]> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const found: string[] = [];
  for (const topic of Object.values(topics).map(deadLetterTopic)) {
    const records = await readTopic(kafka, topic);
    found.push(
      ...records.map(({ headers }) => `dead letter on ${topic}: ${headers['dlt_reason']}`),
    );
  }
  return found;
}

async function replace(service: ServiceName, from: Suite, to: Suite): Promise<void> {
  await from.of(service)[0].stop();
  await to.of(service)[0].start();
}

async function choosePorts(): Promise<Ports> {
  const ports = await freePorts(SERVICES.length);
  return Object.fromEntries(
    SERVICES.map((service, i) => [service, [ports[i]]]),
  ) as unknown as Ports;
}

/** One replica of each service at `own`, whose calls go to the replicas at `others`. */
function wired(own: Ports, others: Ports) {
  const url = (service: ServiceName) => `http://127.0.0.1:${others[service][0]}`;
  return {
    ports: own,
    env: {
      order: { APPROVAL_URL: url('approval') },
      gateway: {
        ORDER_URL: url('order'),
        APPROVAL_URL: url('approval'),
        EQUIPMENT_URL: url('equipment'),
        MIS_URL: url('mis'),
      },
    },
  };
}

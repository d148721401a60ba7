import { setTimeout as sleep } from 'node:timers/promises';
import { measureBacklog, waitUntil } from '@equipmgnt/testing';
import { query } from '../environment/query.ts';
import type { Environment } from '../environment/environment.ts';
import { measureBreakerCloses, measureKafkaIsBack } from './recovery.ts';
import type { Experiment } from './experiment.ts';

/** What a failure takes with its recovery and the calm after it; for the load's rate only. */
const MEAN_FAILURE_MS = 9_000;
const CALM_MS = 1_500;

/** How long {@link failEach} takes, about. */
export const secondsOfFailures = (rounds: number): number =>
  (rounds * FAILURES.length * MEAN_FAILURE_MS) / 1_000;

/** Each failure once, in random order. */
export async function failEach(experiment: Experiment): Promise<void> {
  for (const fail of shuffled(experiment, FAILURES)) {
    await fail(experiment);
    await sleep(CALM_MS);
  }
}

type Failure = (experiment: Experiment) => Promise<void>;

const kill =
  (server: 'kafka' | 'postgres' | 'mariadb', whenBack?: Failure): Failure =>
  async (experiment) => {
    const process = experiment.environment.infrastructure[server];
    await experiment.fault(`SIGKILL ${process.name}`, server, {
      inject: () => process.kill('SIGKILL'),
      forMs: experiment.random.between(500, 3_000),
      fix: () => process.start(),
    });
    experiment.count(`${server} failures`);
    await whenBack?.(experiment);
  };

const network =
  (
    what: string,
    apply: (link: Environment['links'][keyof Environment['links']]) => void,
    forMs: number,
  ): Failure =>
  async (experiment) => {
    const { links } = experiment.environment;
    const name = experiment.random.pick(Object.keys(links) as (keyof typeof links)[]);
    await experiment.fault(`${what} ${name}`, name, {
      inject: () => apply(links[name]),
      forMs,
      fix: () => links[name].heal(),
    });
    experiment.count('network failures');
  };

export const hangApproval: Failure = async (experiment) => {
  const [approval] = experiment.environment.suite.approval;
  await experiment.fault('approval hung', 'approval', {
    inject: () => approval.kill('SIGSTOP'),
    forMs: 3_000,
    fix: () => approval.kill('SIGCONT'),
  });
  experiment.count('approval hung');
  await measureBreakerCloses(experiment);
};

/** Longer than a round of a relay, even of one that has just begun, so that other events are published in the meantime. */
const LATE_MS = 1_500;

/**
 * Every tenth event of order's is committed late, as by a connection that stalls in its `COMMIT`: those
 * with later ids are there, and published, before it. By chance that takes microseconds and is rare.
 * A deferred trigger runs within the commit, before anybody sees what is committed.
 */
export const commitLate: Failure = async (experiment) => {
  const { order } = experiment.environment.direct.databases;
  await experiment.fault('late commits', 'order', {
    inject: async () => {
      await query(
        order,
        `CREATE FUNCTION commit_late() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN PERFORM pg_sleep(${LATE_MS / 1_000}); RETURN NULL; END'`,
      );
      await query(
        order,
        `CREATE CONSTRAINT TRIGGER commit_late AFTER INSERT ON outbox
           DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id % 10 = 0)
           EXECUTE FUNCTION commit_late()`,
      );
    },
    forMs: 5_000,
    fix: () => query(order, 'DROP FUNCTION commit_late CASCADE'),
  });
  experiment.count('late commits');
};

const FAILURES: readonly Failure[] = [
  kill('kafka', measureKafkaIsBack),
  kill('postgres'),
  kill('mariadb'),
  network('partition', (link) => link.partition(), 3_000),
  network('300 ms latency', (link) => link.slowDown(300), 3_000),
  network('reset', (link) => link.reset(), 500),
  hangApproval,
  commitLate,
];

/** Away for so long … */
const BACKLOG_MS = 8_000;
/** Of messages, to measure a rate. Fewer drain within a round of polling. */
const LEAST_BACKLOG = 100;

/** Equipment and mis are stopped under load; afterwards the backlog must drain faster than it grows. */
export async function measureDraining(experiment: Experiment): Promise<void> {
  const { environment } = experiment;
  const processes = [...environment.suite.equipment, ...environment.suite.mis];
  const lag = async () => {
    const found = (await measureBacklog(environment.direct)).lag;
    return (found['equipment'] ?? 0) + (found['mis'] ?? 0);
  };
  const before = await lag();
  const start = performance.now();
  await experiment.fault('equipment and mis away', 'equipment', {
    inject: () => Promise.all(processes.map((process) => process.stop())),
    forMs: BACKLOG_MS,
    fix: () => Promise.all(processes.map((process) => process.start())),
  });
  const grown = (await lag()) - before;
  const arrivalPerMs = grown / (performance.now() - start);
  const drainStart = performance.now();
  await waitUntil(
    async () => {
      const left = await lag();
      // as much as arrives between two commits of offsets is always on its way
      if (left > Math.max(before, arrivalPerMs * 1_000)) throw new Error(`${left} messages left`);
    },
    { withinMs: 120_000 },
  );
  const drainMs = performance.now() - drainStart;
  experiment.measures.push({
    name: 'backlog drains, as a multiple of what arrives',
    value: Number(((grown / drainMs + arrivalPerMs) / arrivalPerMs).toFixed(1)),
    unit: 'ratio',
    limit: 2,
    must: 'at least',
    ...(grown < LEAST_BACKLOG && {
      notApplicable:
        `${grown} messages arrived while they were stopped, ` +
        `at least ${LEAST_BACKLOG} are needed: take more orders`,
    }),
  });
}

function shuffled<T>({ random }: Experiment, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { measureBacklog, waitUntil } from '@equipmgnt/testing';
import type { LayerResult } from '../record.ts';
import { query } from '../environment/query.ts';
import type { Stage } from '../environment/environment.ts';
import { measureBreakerCloses, measureKafkaIsBack } from './recovery.ts';
import { runTrial, type Progress, type Trial } from './trial.ts';

export interface DependenciesOptions {
  readonly stage: Stage;
  readonly seed: number;
  readonly orders: number;
  /** Orders a second, at most; fewer, where the failures take longer. */
  readonly perSecond: number;
  /** How often each dependency fails, in each way. */
  readonly failures: number;
  readonly progress?: Progress;
}

/** What a failure takes with its recovery and the calm after it; for the load's rate only. */
const MEAN_FAILURE_MS = 9_000;
const CALM_MS = 1_500;

/**
 * Kafka, PostgreSQL and MariaDB are killed and started again; networks are cut, slow or reset;
 * approval hangs; commits come late; and equipment and mis are away long enough for a backlog.
 */
export function dependencies(options: DependenciesOptions): Promise<LayerResult> {
  const { failures, orders, perSecond } = options;
  const seconds = (failures * FAILURES.length * MEAN_FAILURE_MS) / 1_000;
  return runTrial({
    ...options,
    name: 'dependencies',
    perSecond: Math.min(perSecond, orders / seconds),
    faults: async (trial) => {
      for (let round = 0; round < failures; round += 1) await failEach(trial);
      await backlog(trial);
    },
  });
}

/** Each failure once, in random order. */
export async function failEach(trial: Trial): Promise<void> {
  for (const fail of shuffled(trial, FAILURES)) {
    await fail(trial);
    await sleep(CALM_MS);
  }
}

type Failure = (trial: Trial) => Promise<void>;

const kill =
  (server: 'kafka' | 'postgres' | 'mariadb', whenBack?: Failure): Failure =>
  async (trial) => {
    const process = trial.stage.infrastructure[server];
    await trial.fault(`SIGKILL ${process.name}`, server, {
      breakIt: () => process.kill('SIGKILL'),
      forMs: trial.random.between(500, 3_000),
      mend: () => process.start(),
    });
    trial.count(`${server} failures`);
    if (trial.loading) await whenBack?.(trial);
  };

const network =
  (
    what: string,
    apply: (link: Stage['links'][keyof Stage['links']]) => void,
    forMs: number,
  ): Failure =>
  async (trial) => {
    const { links } = trial.stage;
    const name = trial.random.pick(Object.keys(links) as (keyof typeof links)[]);
    await trial.fault(`${what} ${name}`, name, {
      breakIt: () => apply(links[name]),
      forMs,
      mend: () => links[name].heal(),
    });
    trial.count('network failures');
  };

export const hangApproval: Failure = async (trial) => {
  const [approval] = trial.stage.suite.approval;
  await trial.fault('approval hung', 'approval', {
    breakIt: () => approval.kill('SIGSTOP'),
    forMs: 3_000,
    mend: () => approval.kill('SIGCONT'),
  });
  trial.count('approval hung');
  if (trial.loading) await measureBreakerCloses(trial);
};

/** Longer than a round of a relay, even of one that has just begun, so that others are published meanwhile. */
const LATE_MS = 1_500;

/**
 * Every tenth event of order's is committed late, as by a connection that stalls in its `COMMIT`: those
 * with later ids are there, and published, before it. By chance that takes microseconds and is rare.
 * A deferred trigger runs within the commit, before anybody sees what is committed.
 */
export const commitLate: Failure = async (trial) => {
  const { order } = trial.stage.direct.databases;
  await trial.fault('late commits', 'order', {
    breakIt: async () => {
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
    mend: () => query(order, 'DROP FUNCTION commit_late CASCADE'),
  });
  trial.count('late commits');
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

/** Equipment and mis are stopped under load; afterwards the backlog must drain faster than it grows. */
async function backlog(trial: Trial): Promise<void> {
  if (!trial.loading) return;
  const { stage } = trial;
  const processes = [...stage.suite.equipment, ...stage.suite.mis];
  const lag = async () => {
    const found = (await measureBacklog(stage.direct)).lag;
    return (found['equipment'] ?? 0) + (found['mis'] ?? 0);
  };
  const before = await lag();
  const start = performance.now();
  await trial.fault('equipment and mis away', 'equipment', {
    breakIt: () => Promise.all(processes.map((process) => process.stop())),
    forMs: BACKLOG_MS,
    mend: () => Promise.all(processes.map((process) => process.start())),
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
  trial.measures.push({
    name: 'backlog drains, as a multiple of what arrives',
    value: Number(((grown / drainMs + arrivalPerMs) / arrivalPerMs).toFixed(1)),
    unit: 'ratio',
    limit: 2,
    must: 'at least',
  });
}

function shuffled<T>({ random }: Trial, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

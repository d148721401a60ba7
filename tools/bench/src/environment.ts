import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import {
  freePorts,
  LOCAL,
  provision,
  startInfrastructure,
  Suite,
  type Connections,
  type Infrastructure,
  type Server,
} from '@equipmgnt/testing';
import { queryPostgres } from './databases.ts';
import type { Leg } from './options.ts';

/** The suite as processes on servers of its own. */
export interface Environment {
  readonly infrastructure: Infrastructure;
  readonly connections: Connections;
  readonly suite: Suite;
  /** Stops everything and deletes its data. */
  readonly close: () => Promise<void>;
}

/** @throws SetupError when a server or a service does not start; everything is stopped then */
export async function openEnvironment({ build, options }: Leg): Promise<Environment> {
  const directory = join(LOCAL, 'bench', `run-${randomBytes(4).toString('hex')}`);
  const infrastructure = await startInfrastructure({ directory });
  try {
    await observe(infrastructure.postgres);
    const databases = await provision({
      postgresUrl: infrastructure.postgres.url,
      mariadbUrl: infrastructure.mariadb.url,
    });
    const connections = { databases, kafkaBrokers: infrastructure.kafka.url };
    const [nobody] = await freePorts(1);
    const { replicas } = options;
    const suite = await Suite.start({
      repository: build.directory,
      infrastructure: connections,
      services: {
        gateway: 1,
        order: replicas,
        approval: replicas,
        equipment: replicas,
        mis: replicas,
      },
      env: {
        ...(options.breakerOpen && { order: { APPROVAL_URL: `http://127.0.0.1:${nobody}` } }),
      },
    });
    const close = async () => {
      await suite.stop();
      await infrastructure.remove();
    };
    return { infrastructure, connections, suite, close };
  } catch (error) {
    await infrastructure.remove();
    throw error;
  }
}

/** Loads pg_stat_statements, and the log collector, which writes JSON when statements are logged. */
async function observe(postgres: Server): Promise<void> {
  const settings = {
    shared_preload_libraries: 'pg_stat_statements',
    logging_collector: 'on',
    log_destination: 'jsonlog',
  };
  for (const [name, value] of Object.entries(settings)) {
    await queryPostgres(postgres.url, `ALTER SYSTEM SET ${name} = '${value}'`);
  }
  await postgres.stop();
  await postgres.start();
  await queryPostgres(postgres.url, 'CREATE EXTENSION pg_stat_statements');
}

import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import {
  createServers,
  freePorts,
  removeData,
  Suite,
  type Connections,
  type SuiteOptions,
} from '@equipmgnt/local';
import { Api } from './api.ts';
import { freshDatabases } from './connections.ts';

export type SuiteParts = Pick<SuiteOptions, 'services' | 'env' | 'ports' | 'repository'>;

/**
 * The built suite as real processes, with databases of its own on the servers that all tests share
 * and a broker of its own, which a test may kill.
 */
export async function runSuite(parts: SuiteParts = {}) {
  const directory = join(resolve(import.meta.dirname, '../..'), '.local', `e2e-${randomUUID()}`);
  const [postgres, mariadb, kafkaPort, kafkaController] = await freePorts(4);
  const { kafka } = createServers(directory, {
    postgres: postgres as number,
    mariadb: mariadb as number,
    kafka: kafkaPort as number,
    kafkaController: kafkaController as number,
  });
  const databases = await freshDatabases();
  const suites: Suite[] = [];
  const stop = async () => {
    await Promise.all(suites.map((suite) => suite.stop()));
    await kafka.stop();
    await databases.drop();
    await removeData(directory);
  };
  const connections: Connections = { databases: databases.urls, kafkaBrokers: kafka.url };
  const start = async (more: SuiteParts): Promise<Suite> => {
    const suite = await Suite.start({ infrastructure: connections, ...more });
    suites.push(suite);
    return suite;
  };
  try {
    await kafka.start();
    const suite = await start(parts);
    const api = parts.services?.gateway === 0 ? undefined : new Api(suite.gateway[0].url);
    return {
      suite,
      kafka,
      connections,
      /** The gateway. */
      api: api as Api,
      /** Starts further processes on the same infrastructure. */
      start,
      /** Stops everything and leaves nothing behind. */
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createServers, freeServerPorts, removeData } from '../servers/infrastructure.ts';
import { Suite, type SuiteOptions } from '../suite/suite.ts';
import { type Connections } from '../suite/services.ts';
import { LOCAL, REPOSITORY } from '../layout.ts';
import { Api } from './api.ts';
import { freshDatabases } from './connections.ts';

export type SuiteParts = Pick<SuiteOptions, 'services' | 'env' | 'ports' | 'repository'>;

/**
 * Starts the built suite as processes, with separate databases on the servers that all tests share,
 * and with a separate broker, which a test may kill. The logs are kept in `reports/logs`.
 */
export async function runSuite(parts: SuiteParts = {}) {
  const name = `e2e-${randomUUID()}`;
  const directory = join(LOCAL, name);
  const testFile = basename(expect.getState().testPath ?? '', '.spec.ts');
  const logs = join(REPOSITORY, 'reports/logs', testFile, name);
  await mkdir(logs, { recursive: true });
  const { kafka } = createServers(directory, await freeServerPorts());
  const databases = await freshDatabases();
  const suites: Suite[] = [];
  const stop = async () => {
    await Promise.all(suites.map((suite) => suite.stop()));
    await kafka.stop();
    await databases.drop();
    await copyFile(join(directory, 'logs/kafka.log'), join(logs, 'kafka.log')).catch(
      () => undefined,
    );
    await removeData(directory);
  };
  const connections: Connections = { databases: databases.urls, kafkaBrokers: kafka.url };
  const prepare = async (more: SuiteParts): Promise<Suite> => {
    const suite = await Suite.prepare({
      infrastructure: connections,
      onLine: ({ name: process }, line) =>
        appendFileSync(join(logs, `${process}.log`), `${line}\n`),
      ...more,
    });
    suites.push(suite);
    return suite;
  };
  const start = async (more: SuiteParts): Promise<Suite> => {
    const suite = await prepare(more);
    await Promise.all(suite.processes.map((process) => process.start()));
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
      /** A client of the gateway. */
      api: api as Api,
      /** Starts more processes on the same infrastructure. */
      start,
      /** The same, but each process is for the test to start. */
      prepare,
      /** Stops all processes and deletes their data. */
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  build,
  LOCAL,
  provision,
  runSteps,
  startInfrastructure,
  type Infrastructure,
} from '@equipmgnt/testing';
import type { Demonstration, Load } from '../demonstrations.ts';
import { envoyProgram } from '../envoy/install.ts';
import type { Reporting } from '../environment.ts';
import type { Check } from '../result.ts';
import { siegeProgram } from '../siege/install.ts';
import { LocalEnvironment } from './environment.ts';

/**
 * Runs a demonstration on this machine with its own servers and ports, and removes them afterwards.
 * @throws SetupError that names what is missing on the machine
 */
export async function runLocally(
  demonstration: Demonstration,
  load: Load,
  reporting: Reporting,
): Promise<Check[]> {
  const directory = join(LOCAL, `load-${randomUUID()}`);
  const programs = { siegeProgram: '', envoyProgram: '' };
  let servers: Infrastructure | undefined;
  let environment: LocalEnvironment | undefined;
  try {
    await runSteps(
      [
        { title: 'Build', run: build },
        { title: 'siege', run: async () => (programs.siegeProgram = await siegeProgram()) },
        { title: 'Envoy', run: async () => (programs.envoyProgram = await envoyProgram()) },
        {
          title: 'Databases and broker',
          run: async (report, signal) =>
            (servers = await startInfrastructure({ directory, report, signal })),
        },
      ],
      reporting.signal,
    );
    const { postgres, mariadb, kafka } = servers!;
    const databases = await provision({ postgresUrl: postgres.url, mariadbUrl: mariadb.url });
    const connections = { databases, kafkaBrokers: kafka.url };
    environment = new LocalEnvironment({ connections, directory, ...programs, reporting });
    return await demonstration(environment, load);
  } finally {
    await environment?.stop();
    await servers?.remove();
    await rm(directory, { recursive: true, force: true }); // removes Envoy's files
  }
}

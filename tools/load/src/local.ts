import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  build,
  checkJavaFor,
  createServers,
  freePorts,
  LOCAL,
  provision,
  removeData,
  runSteps,
  type Connections,
} from '@equipmgnt/testing';
import type { Demonstration, Load } from './demonstrations/demonstration.ts';
import { envoyProgram } from './envoy/install.ts';
import { siegeProgram } from './siege/install.ts';
import { Environment, type EnvironmentOptions } from './environment.ts';
import type { Check } from './result.ts';

type Reporting = Required<Pick<EnvironmentOptions, 'say' | 'onSiegeLine' | 'signal'>>;

/**
 * Runs a demonstration on this machine with its own servers and ports, and removes them afterwards.
 * @throws SetupError that names what is missing on the machine
 */
export async function runLocally(
  demonstration: Demonstration,
  load: Load,
  reporting: Reporting,
): Promise<Check[]> {
  await checkJavaFor({ kafka: true, mariadb: true });
  const directory = join(LOCAL, `load-${randomUUID()}`);
  const [postgresPort, mariadbPort, kafkaPort, kafkaController] = (await freePorts(4)) as [
    number,
    number,
    number,
    number,
  ];
  const { postgres, mariadb, kafka } = createServers(directory, {
    postgres: postgresPort,
    mariadb: mariadbPort,
    kafka: kafkaPort,
    kafkaController,
  });
  const servers = [postgres, mariadb, kafka];
  let environment: Environment | undefined;
  try {
    const programs = { siege: '', envoy: '' };
    await runSteps(
      [
        { title: 'Build', run: build },
        { title: 'siege', run: async () => (programs.siege = await siegeProgram()) },
        { title: 'Envoy', run: async () => (programs.envoy = await envoyProgram()) },
        ...servers.map((server) => ({
          title: server.name,
          run: (report: (text: string) => void, signal: AbortSignal) =>
            server.start({ report, signal }),
        })),
      ],
      reporting.signal,
    );
    const databases = await provision({ postgresUrl: postgres.url, mariadbUrl: mariadb.url });
    const connections: Connections = { databases, kafkaBrokers: kafka.url };
    environment = new Environment({
      connections,
      directory,
      siegeProgram: programs.siege,
      envoyProgram: programs.envoy,
      ...reporting,
    });
    return await demonstration(environment, load);
  } finally {
    await environment?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await removeData(directory);
    await rm(directory, { recursive: true, force: true }); // removes Envoy's files
  }
}

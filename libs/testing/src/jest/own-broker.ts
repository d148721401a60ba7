import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { LOCAL, foldersIn } from '../layout.ts';
import { freePorts } from '../ports/free-ports.ts';
import { pidFileIn } from '../processes/pid-file.ts';
import { removeData } from '../servers/infrastructure.ts';
import { kafka, type KafkaUsers } from '../servers/kafka.ts';
import type { Server } from '../servers/server.ts';

/**
 * Starts a broker for one test file, which may stop it and change its topics.
 * @param users of a second listener
 */
export async function ownBroker(
  settings: Readonly<Record<string, string>> = {},
  users?: KafkaUsers,
): Promise<{ broker: Server; remove: () => Promise<void> }> {
  const directory = join(LOCAL, `broker-${randomUUID()}`);
  const { data, logs, run } = foldersIn(directory);
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const broker = kafka({
    port,
    controllerPort,
    directory: join(data, 'kafka'),
    logFile: join(logs, 'kafka.log'),
    pidFile: pidFileIn(run, 'kafka'),
    users,
    settings,
  });
  const remove = async () => {
    await broker.kill('SIGCONT');
    await broker.stop();
    await removeData(directory);
  };
  try {
    await broker.start();
  } catch (error) {
    await remove();
    throw error;
  }
  return { broker, remove };
}

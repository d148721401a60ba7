import { rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkJavaFor } from './downloads/java.ts';
import { foldersIn } from '../layout.ts';
import { freePorts } from '../ports/free-ports.ts';
import { pidFileIn } from '../processes/pid-file.ts';
import { silent, throttled, type Report } from '../terminal/report.ts';
import { kafka } from './kafka.ts';
import { mariadb } from './mariadb.ts';
import { postgres } from './postgres.ts';
import type { Server, ServerOptions } from './server.ts';
import { fallbackFor } from './unprivileged.ts';

export interface InfrastructurePorts {
  readonly postgres: number;
  readonly mariadb: number;
  readonly kafka: number;
  readonly kafkaController: number;
  /** The port that clients of Kafka use, by default its own; another one for a proxy before it. */
  readonly kafkaAdvertised?: number;
}

export interface InfrastructureOptions {
  /** The folder for the folders `data` and `logs`. */
  readonly directory: string;
  /** By default free ports are chosen. */
  readonly ports?: Partial<InfrastructurePorts>;
  /** Receives the progress of long operations, such as the downloads on first use. */
  readonly report?: Report;
  /** Aborts the start. */
  readonly signal?: AbortSignal;
}

// Often enough to show that a download makes progress.
const REPORT_EVERY_MS = 5000;

/** The servers that the suite needs. */
export interface Servers {
  readonly postgres: Server;
  readonly mariadb: Server;
  readonly kafka: Server;
}

/** The servers, started. */
export interface Infrastructure extends Servers {
  /** Stops all servers, in any state; their data are kept. */
  stop(): Promise<void>;
  /** Stops all servers and deletes their data, and the directory if nothing else is in it. */
  remove(): Promise<unknown>;
}

/**
 * Starts PostgreSQL, MariaDB and Kafka and waits until all are ready. If one does not start, all
 * are stopped.
 * @throws SetupError when Java or Maven is missing, or with the end of the log of the server that
 * did not start.
 */
export async function startInfrastructure(options: InfrastructureOptions): Promise<Infrastructure> {
  await checkJavaFor({ kafka: true, mariadb: true });
  const ports = { ...(await freeServerPorts()), ...options.ports };
  const servers = createServers(options.directory, ports);
  const all = Object.values(servers) as Server[];
  const reportFor = (server: Server) => {
    const report = options.report ?? silent;
    return throttled((text) => report(`${server.name}: ${text}`), REPORT_EVERY_MS);
  };
  const stop = async () => {
    await Promise.all(all.map((server) => server.stop()));
  };
  const signal = options.signal && { signal: options.signal };
  try {
    await Promise.all(all.map((server) => server.start({ report: reportFor(server), ...signal })));
  } catch (error) {
    await stop();
    throw error;
  }
  const remove = () => stop().then(() => removeData(options.directory));
  return { ...servers, stop, remove };
}

/** Ports that are free at the moment, for the servers. */
export async function freeServerPorts(): Promise<InfrastructurePorts> {
  const [postgres = 0, mariadb = 0, kafka = 0, kafkaController = 0] = await freePorts(4);
  return { postgres, mariadb, kafka, kafkaController };
}

/** Creates the three servers with data, logs and pid files in a directory. Starts none of them. */
export function createServers(
  directory: string,
  ports: InfrastructurePorts,
  note?: ServerOptions['note'],
): Servers {
  const { data, logs, run } = foldersIn(directory);
  const options = (name: keyof Servers): ServerOptions => ({
    port: ports[name],
    directory: join(data, name),
    logFile: join(logs, `${name}.log`),
    pidFile: pidFileIn(run, name),
    note,
  });
  return {
    postgres: postgres(options('postgres')),
    mariadb: mariadb(options('mariadb')),
    kafka: kafka({
      ...options('kafka'),
      controllerPort: ports.kafkaController,
      advertisedPort: ports.kafkaAdvertised,
    }),
  };
}

/**
 * Deletes the data and logs of the servers in a directory and in PostgreSQL's fallback folder. The
 * directory itself is deleted if it is then empty.
 * @returns the folders that were deleted.
 */
export async function removeData(directory: string): Promise<string[]> {
  const { data, logs, run } = foldersIn(directory);
  await rm(run, { recursive: true, force: true });
  const folders = [data, fallbackFor(join(data, 'postgres')), logs];
  const removed = await Promise.all(
    folders.map(async (folder) => {
      if (!(await stat(folder).catch(() => undefined))) return [];
      await rm(folder, { recursive: true, force: true });
      return [folder];
    }),
  );
  await rmdir(directory).catch(() => undefined); // it is not empty
  return removed.flat();
}

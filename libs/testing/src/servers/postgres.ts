import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Command } from '../processes/detached.ts';
import type { StartContext } from '../processes/managed-process.ts';
import { commandLine } from '../processes/inspect.ts';
import { run } from '../processes/run.ts';
import { POSTGRES_ADMINISTRATOR } from './credentials.ts';
import { initialiseOnce } from './initialise-once.ts';
import { postgresHome, type PostgresHome } from './postgres-home.ts';
import { Server, type ServerOptions } from './server.ts';

// Three services with two replicas each and a pool of 20, and some more for tests and tools.
const MAX_CONNECTIONS = 200;

/** PostgreSQL with fsync on: committed data survive a crash. */
export function postgres(options: ServerOptions): Server {
  const { user, password } = POSTGRES_ADMINISTRATOR;
  const url = `postgres://${user}:${password}@127.0.0.1:${options.port}/postgres`;
  return new Server(
    {
      name: 'PostgreSQL',
      command: (start) => prepare(options, start),
      output: { file: options.logFile },
      probe: () => selectOne(url),
      readyWithinMs: 60_000, // recovery after a crash may take a while
      stopSignal: 'SIGINT', // "fast shutdown": SIGTERM would wait until all clients disconnect
      stopWithinMs: 20_000,
      pidFile: options.pidFile,
    },
    url,
  );
}

async function prepare(options: ServerOptions, { signal, report }: StartContext): Promise<Command> {
  const home = await postgresHome(options);
  await initialiseOnce(home.data, (directory) => {
    report('initialising its data folder');
    return initialise({ ...home, data: directory }, signal);
  });
  await removeStaleLock(home.data);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: options.port,
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    executable: join(home.programs, 'postgres'),
    args: ['-D', home.data, ...flags],
    ...processOptions(home),
  };
}

async function initialise(home: PostgresHome, signal: AbortSignal): Promise<void> {
  const { programs, data, account } = home;
  const passwordFile = `${data}.password`;
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, POSTGRES_ADMINISTRATOR.password, { mode: 0o600 });
  try {
    if (account) {
      for (const path of [data, passwordFile]) await chown(path, account.uid, account.gid);
    }
    const options = [
      `--pgdata=${data}`,
      `--username=${POSTGRES_ADMINISTRATOR.user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // The builtin locale is the same on all machines.
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    await run(join(programs, 'initdb'), options, { ...processOptions(home), signal });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** The working directory is one that every account can enter. LC_ALL makes the log English. */
const processOptions = ({ account }: PostgresHome) => ({
  cwd: '/',
  env: { ...process.env, LC_ALL: 'C' },
  ...(account && { account }),
});

/**
 * Removes the lock file unless a PostgreSQL runs on the same data. After a crash of the machine,
 * the pid in the file can belong to another process, and PostgreSQL would refuse to start.
 */
async function removeStaleLock(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(lock, 'utf8').catch(() => ''), 10);
  if (Number.isNaN(pid) || (await commandLine(pid))?.includes(data)) return;
  await rm(lock, { force: true });
}

async function selectOne(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // the query rejects with the same error
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { mariadbFolder } from './downloads/archives.ts';
import type { Command } from '../processes/detached.ts';
import type { StartContext } from '../processes/managed-process.ts';
import { run } from '../processes/run.ts';
import { MARIADB_ADMINISTRATOR } from './credentials.ts';
import { initialiseOnce } from './initialise-once.ts';
import { Server, type ServerOptions } from './server.ts';

/** MariaDB, the engine of the service mis. */
export function mariadb(options: ServerOptions): Server {
  const url = `mysql://${MARIADB_ADMINISTRATOR.user}@127.0.0.1:${options.port}`;
  return new Server(
    {
      name: 'MariaDB',
      command: (start) => prepare(options, start),
      output: { file: options.logFile },
      probe: () => selectOne(url),
      readyWithinMs: 60_000, // recovery after a crash may take a while
      stopSignal: 'SIGTERM',
      stopWithinMs: 20_000,
      pidFile: options.pidFile,
    },
    url,
  );
}

async function prepare(options: ServerOptions, { signal, report }: StartContext): Promise<Command> {
  const home = await mariadbFolder(report, signal);
  const common = ['--no-defaults', ...asRoot()];
  // MariaDB deletes all temporary tables in its TMPDIR at its start, so two servers cannot share one.
  const temporary = `${options.directory}.tmp`;
  await mkdir(temporary, { recursive: true });
  const processOptions = { cwd: home, env: { ...process.env, TMPDIR: temporary } };
  await initialiseOnce(options.directory, (directory) => {
    report('initialising its data folder');
    const flags = [
      ...common,
      '--basedir=.', // relative, because the installer does not support a path with a space
      `--datadir=${directory}`,
      '--auth-root-authentication-method=normal', // by password, not by operating system user
      '--skip-test-db',
      '--skip-name-resolve',
    ];
    return run(join(home, 'scripts/mariadb-install-db'), flags, { ...processOptions, signal });
  });
  const settings = [
    `--basedir=${home}`,
    `--datadir=${options.directory}`,
    `--port=${options.port}`,
    '--bind-address=127.0.0.1',
    '--socket=', // no Unix socket: its path is limited to 107 bytes, and all clients use TCP
    '--skip-name-resolve',
    '--skip-ssl', // otherwise it generates an RSA key at each start, which takes 10 to 20 s
    '--innodb-buffer-pool-size=64M',
  ];
  return {
    executable: join(home, 'bin/mariadbd'),
    args: [...common, ...settings],
    ...processOptions,
  };
}

/**
 * Unlike PostgreSQL, MariaDB can run as root. The short option -u is required: with --user the
 * installer changes the owner of the data folder, and fails if the path contains a space.
 */
const asRoot = (): string[] => (process.getuid?.() === 0 ? ['-uroot'] : []);

async function selectOne(uri: string): Promise<void> {
  const connection = await createConnection({ uri, connectTimeout: 2000 });
  try {
    await connection.query('SELECT 1');
  } finally {
    connection.destroy();
  }
}

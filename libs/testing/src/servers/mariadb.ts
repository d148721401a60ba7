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

/** A real MariaDB. */
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
  // A starting MariaDB deletes the temporary tables it finds, so no two may share /tmp.
  const temporary = `${options.directory}.tmp`;
  await mkdir(temporary, { recursive: true });
  const surroundings = { cwd: home, env: { ...process.env, TMPDIR: temporary } };
  await initialiseOnce(options.directory, (directory) => {
    report('initialising its data folder');
    const flags = [
      ...common,
      '--basedir=.', // relative, as the installer cannot do with a space in it
      `--datadir=${directory}`,
      '--auth-root-authentication-method=normal', // by password, not by the system's user
      '--skip-test-db',
      '--skip-name-resolve',
    ];
    return run(join(home, 'scripts/mariadb-install-db'), flags, { ...surroundings, signal });
  });
  const settings = [
    `--basedir=${home}`,
    `--datadir=${options.directory}`,
    `--port=${options.port}`,
    '--bind-address=127.0.0.1',
    '--socket=', // none: its path may be 107 bytes at most, and nobody needs it
    '--skip-name-resolve',
    '--skip-ssl', // else it makes itself an RSA key at each start, which takes 10 to 20 s
    '--innodb-buffer-pool-size=64M',
  ];
  return {
    executable: join(home, 'bin/mariadbd'),
    args: [...common, ...settings],
    ...surroundings,
  };
}

/**
 * Unlike PostgreSQL, it runs as root if told to. In short, as the long form would make the
 * installer change the data folder's owner, and stumble over a space in its name.
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

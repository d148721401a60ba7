import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { expectEqual, type Checklist } from './checklist.ts';
import { compose, docker, ENVIRONMENT, inspect } from './docker.ts';
import { imageOf, SERVICES } from './images.ts';

const POSTGRES_USERS = ['order', 'approval', 'equipment'] as const;
/** Well below the grace period of orchestrators: no request is in flight. */
const MAX_STOPPING_MS = 10_000;

interface Container {
  readonly State: { readonly ExitCode: number };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly RestartPolicy: { readonly Name: string };
  };
}

/** Starts the whole suite, checks it, and always removes it with its volumes. */
export async function checkSuite(list: Checklist): Promise<void> {
  try {
    const up = await list.check('the suite starts, and every container is healthy', async () => {
      await compose('up', '--detach', '--wait');
    });
    if (!up) return void console.log(await compose('ps', '--all'));
    await list.check(
      'only the gateway and the issuer for development are published, on loopback',
      checkPorts,
    );
    await list.check(
      'containers are read-only, unprivileged, and restarted after a failure',
      checkHardening,
    );
    await list.check('each database user can connect only to its own database', checkDatabases);
    await list.check('npm run scenario -- --compose', runScenario);
    await list.check('order keeps its orders after it is killed', checkKilled);
    await list.check('the services agree: docker compose run --rm ops check', () =>
      compose('run', '--rm', '--no-TTY', 'ops', 'check'),
    );
    await list.check('all services stop with exit code 0', checkStopping);
  } finally {
    await list.check('everything is removed', async () => {
      await compose('down', '--volumes', '--remove-orphans');
    });
  }
}

/** The kernel drops signals that process 1 does not handle, so a service must handle them from its start. */
export async function checkStoppingEarly(list: Checklist): Promise<void> {
  await list.check('a service that waits for its database stops immediately', async () => {
    const id = await docker(
      'run',
      '--detach',
      '--read-only',
      '--tmpfs=/tmp',
      '--cap-drop=ALL',
      '--env=DATABASE_URL=postgres://order@127.0.0.1:1/order',
      '--env=KAFKA_BROKERS=127.0.0.1:1',
      '--env=APPROVAL_URL=http://127.0.0.1:1',
      '--env=AUTH=optional',
      imageOf('order'),
    );
    try {
      while (!(await docker('logs', id)).includes('database is unavailable')) {
        const { State } = await inspect<{ State: { Running: boolean } }>('container', id);
        if (!State.Running) throw new Error(`it exited: ${await docker('logs', id)}`);
      }
      await stopped(() => docker('stop', '--time', '30', id), [id]);
    } finally {
      await docker('rm', '--force', id);
    }
  });
}

async function checkPorts(): Promise<string> {
  const lines = (await compose('ps', '--format', 'json')).split('\n');
  const published = lines
    .map((line) => JSON.parse(line) as ComposeProcess)
    .flatMap(({ Service, Publishers }) =>
      (Publishers ?? [])
        .filter(({ PublishedPort }) => PublishedPort > 0)
        .map(({ URL }) => `${Service} on ${URL}`),
    )
    .sort();
  expectEqual('published', published, ['gateway on 127.0.0.1', 'issuer on 127.0.0.1']);
  return compose('port', 'gateway', '8080');
}

interface ComposeProcess {
  readonly Service: string;
  readonly Publishers: readonly { URL: string; PublishedPort: number }[] | null;
}

async function checkHardening(): Promise<void> {
  for (const service of SERVICES) {
    const { HostConfig } = await inspect<Container>('container', await containerOf(service));
    expectEqual(`${service}: read-only`, HostConfig.ReadonlyRootfs, true);
    expectEqual(`${service}: capabilities dropped`, HostConfig.CapDrop, ['ALL']);
    expectEqual(`${service}: security`, HostConfig.SecurityOpt, ['no-new-privileges:true']);
    expectEqual(`${service}: restarted`, HostConfig.RestartPolicy.Name, 'unless-stopped');
  }
}

async function checkDatabases(): Promise<string> {
  let refused = 0;
  for (const user of POSTGRES_USERS) {
    for (const database of [...POSTGRES_USERS, 'postgres']) {
      const url = `postgres://${user}:${user}-development@127.0.0.1/${database}`;
      const ask = compose('exec', '--no-TTY', 'postgres', 'psql', url, '--command', 'SELECT 1');
      const answer = await ask.then(
        () => 'accepted',
        (error: Error) => (/permission denied/.test(error.message) ? 'refused' : error.message),
      );
      expectEqual(`${user} at ${database}`, answer, user === database ? 'accepted' : 'refused');
      if (answer === 'refused') refused += 1;
    }
  }
  return `${refused} refused`;
}

async function runScenario(): Promise<void> {
  const script = join(REPOSITORY, 'tools/dev/src/scenario.ts');
  const scenario = spawn(process.execPath, [script, '--compose'], {
    env: ENVIRONMENT,
    stdio: 'inherit',
  });
  const [code] = await once(scenario, 'exit');
  expectEqual('exit code', code, 0);
}

async function checkKilled(): Promise<void> {
  const gateway = `http://${await compose('port', 'gateway', '8080')}`;
  const { id: equipmentId } = await send(`${gateway}/equipments`, { stock: 5 });
  const { id, status } = await send(`${gateway}/orders`, { equipmentId, qty: 1 });
  expectEqual('status of the order', status, 'APPROVED');
  // Compose treats this kill as intended, so the restart policy does not apply.
  await compose('kill', '--signal', 'KILL', 'order');
  await compose('up', '--detach', '--wait');
  const found = (await (await fetch(`${gateway}/orders/${id}`)).json()) as { status: string };
  expectEqual('status of the order afterwards', found.status, 'APPROVED');
}

async function send(url: string, body: object): Promise<{ id: number; status: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expectEqual(`POST ${url}`, answer.status, 201);
  return (await answer.json()) as { id: number; status: string };
}

async function checkStopping(): Promise<void> {
  const containers = await Promise.all(SERVICES.map(containerOf));
  await stopped(() => compose('stop', ...SERVICES), containers);
}

async function stopped(stop: () => Promise<string>, containers: string[]): Promise<void> {
  const start = performance.now();
  await stop();
  const took = performance.now() - start;
  for (const container of containers) {
    const { State } = await inspect<Container>('container', container);
    expectEqual(`exit code of ${container}`, State.ExitCode, 0);
  }
  if (took > MAX_STOPPING_MS) throw new Error(`stopping took ${Math.round(took)} ms`);
}

const containerOf = (service: string): Promise<string> =>
  compose('ps', '--all', '--quiet', service);

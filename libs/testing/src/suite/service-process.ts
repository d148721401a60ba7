import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '@equipmgnt/contracts';
import { NODE } from '../layout.ts';
import { formatLine } from './log-lines.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { mainScript, type Environment } from './services.ts';

/** How a service is started. */
export interface ServiceSettings {
  /** The port on 127.0.0.1 that it listens on. */
  readonly port: number;
  /** The port of its actuator, for a gateway. */
  readonly managementPort?: number | undefined;
  /** The variables that connect it to the rest of the suite. */
  readonly environment: Environment;
  /** All other variables; `environment` overrides them. By default those of this process. */
  readonly inherited?: NodeJS.ProcessEnv;
}

export interface ServiceProcessOptions extends ServiceSettings {
  readonly service: ServiceName;
  /** Its name in messages: `order`, or `order-2` for a second replica. */
  readonly name: string;
  /** The folder that holds services/ and gateway/, and that it runs in. */
  readonly repository: string;
  readonly pidFile?: string | undefined;
  /** Called with each line that it prints. */
  readonly onLine?: ((line: string) => void) | undefined;
}

// Enough for the assertions of a test. Limited, because `npm start` may run for days.
const LINES_KEPT = 2000;
const LINES_SHOWN = 20;

/** A service as a process, started from its build output. */
export class ServiceProcess extends ManagedProcess {
  readonly service: ServiceName;
  readonly url: string;
  /** The address of its actuator, with details and metrics. */
  readonly managementUrl: string;
  readonly settings: ServiceSettings;
  readonly #lines: string[];

  constructor(options: ServiceProcessOptions) {
    const { service, name, port, managementPort, environment, repository, pidFile } = options;
    const { inherited = process.env } = options;
    const url = `http://127.0.0.1:${port}`;
    const lines: string[] = [];
    super({
      name,
      command: () => ({
        executable: NODE,
        args: [...importTracing(repository), join(repository, mainScript(service))],
        cwd: repository,
        env: {
          AUTH: 'optional', // on one's own machine, unless the environment says otherwise
          ...inherited,
          ...DEFAULTS,
          ...environment,
          ...portVariables(port, managementPort),
        },
      }),
      output: {
        onLine: (line) => {
          lines.push(line);
          if (lines.length > LINES_KEPT) lines.shift();
          options.onLine?.(line);
        },
      },
      probe: () => askReadiness(url),
      readyWithinMs: 60_000, // it takes about 3 s on an idle machine
      tail: () => {
        const last = lines.slice(-LINES_SHOWN);
        return last.map((line) => formatLine({ service, name }, line, false)).join('\n');
      },
      stopSignal: 'SIGTERM',
      stopWithinMs: 20_000,
      pidFile,
    });
    this.service = service;
    this.url = url;
    this.managementUrl = managementPort === undefined ? url : `http://127.0.0.1:${managementPort}`;
    this.settings = {
      port,
      ...(managementPort !== undefined && { managementPort }),
      environment,
      inherited,
    };
    this.#lines = lines;
  }

  /** The last lines that it printed, at most {@link LINES_KEPT}. */
  get lines(): readonly string[] {
    return this.#lines;
  }
}

/** As in the image; builds of earlier versions have no traces. */
const importTracing = (repository: string): string[] =>
  existsSync(join(repository, 'libs/tracing/dist')) ? ['--import', '@equipmgnt/tracing'] : [];

const portVariables = (port: number, managementPort: number | undefined): Environment => ({
  PORT: String(port),
  ...(managementPort !== undefined && { MANAGEMENT_PORT: String(managementPort) }),
});

const DEFAULTS: Environment = {
  HOST: '127.0.0.1',
  // As in a container. Jest sets "test" for its own process, which would be inherited.
  NODE_ENV: 'production',
  // Shorter than stopWithinMs: the service ends by itself before it is killed.
  SHUTDOWN_TIMEOUT_MS: '15000',
  // Clients do not connect to it again. A test that restarts one of several replicas overrides it.
  CONNECTION_DRAIN_MS: '0',
};

async function askReadiness(url: string): Promise<void> {
  const address = `${url}/actuator/health/readiness`;
  // A stopping service waits for open connections, so the probe must not leave one.
  const headers = { connection: 'close' };
  const answer = await fetch(address, { headers, signal: AbortSignal.timeout(2000) });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
}

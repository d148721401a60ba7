import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { REPOSITORY } from './layout.ts';
import { control } from './session/control.ts';
import type { ServiceName } from './services.ts';
import { SetupError } from './setup-error.ts';

const runFile = promisify(execFile);

/** A suite that runs already, whoever has started it. */
export interface RunningSuite {
  /** Where its gateway answers. */
  readonly gateway: string;
  /** The command that starts such a suite, for people who have forgotten to. */
  readonly startedBy: string;
  /** Stops a service, and returns when it has stopped. */
  stop(service: ServiceName): Promise<unknown>;
  /** Starts a service that was stopped; does nothing when it runs. */
  start(service: ServiceName): Promise<unknown>;
}

/** The suite that `npm start` runs, or any other whose address is in the environment. */
export const suiteOfNpmStart = (environment: NodeJS.ProcessEnv): RunningSuite => ({
  gateway: environment['GATEWAY_URL'] ?? `http://127.0.0.1:${environment['GATEWAY_PORT'] ?? 8080}`,
  startedBy: 'npm start',
  stop: (service) => control('stop', service),
  start: (service) => control('start', service),
});

/**
 * The suite that `docker compose` runs for this repository.
 * @throws SetupError when there is none.
 */
export async function suiteOfCompose(): Promise<RunningSuite> {
  return {
    gateway: `http://${await compose('port', 'gateway', '8080')}`,
    startedBy: UP,
    stop: (service) => compose('stop', service),
    start: (service) => compose('start', service),
  };
}

const UP = 'docker compose up --build --wait';

async function compose(...args: string[]): Promise<string> {
  try {
    const { stdout } = await runFile('docker', ['compose', ...args], { cwd: REPOSITORY });
    return stdout.trim();
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = code === 'ENOENT' ? 'there is no docker on the PATH' : stderr?.trim();
    throw new SetupError(
      `docker compose ${args.join(' ')} failed: ${reason || String(error)}\n` +
        `The suite has to run already: ${UP}`,
      { cause: error },
    );
  }
}

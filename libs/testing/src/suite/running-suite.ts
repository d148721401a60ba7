import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { REPOSITORY } from '../layout.ts';
import { control } from './control.ts';
import type { ServiceName } from '@equipmgnt/contracts';
import { SetupError } from '../setup-error.ts';

const runFile = promisify(execFile);
const NAMESPACE = 'istio-cb-ns';
const STOP_TIMEOUT = '--timeout=120s'; // the pods' termination grace period is 40 s
const START_TIMEOUT = '--timeout=600s';

/** A suite that is already running: by `npm start`, in a cluster, or by Docker Compose. */
export interface RunningSuite {
  /** The URL of its gateway. */
  readonly gateway: string;
  /** The command that starts such a suite, for an error message. */
  readonly startedBy: string;
  /** Stops a service, and returns when it has stopped. */
  stop(service: ServiceName): Promise<unknown>;
  /** Starts a service that was stopped; does nothing when it runs. */
  start(service: ServiceName): Promise<unknown>;
}

/** The suite that `npm start` runs, or another one whose GATEWAY_URL is in the environment. */
export const suiteOfNpmStart = (environment: NodeJS.ProcessEnv): RunningSuite => ({
  gateway: gatewayIn(environment),
  startedBy: 'npm start',
  stop: (service) => control('stop', service),
  start: (service) => control('start', service),
});

const gatewayIn = (environment: NodeJS.ProcessEnv): string =>
  environment['GATEWAY_URL'] ?? `http://127.0.0.1:${environment['GATEWAY_PORT'] ?? 8080}`;

/**
 * The suite in the cluster of a kubectl context. Its gateway is reached through a port-forward, or
 * at GATEWAY_URL. A service is stopped by scaling it to 0, which also pauses its autoscaler.
 */
export function suiteOfCluster(context: string, environment: NodeJS.ProcessEnv): RunningSuite {
  const kubectl = (...args: string[]) =>
    output('kubectl', ['--context', context, '--namespace', NAMESPACE, ...args]);
  const scale = (service: ServiceName, replicas: string) =>
    kubectl('scale', `deployment/${service}`, `--replicas=${replicas}`);
  const stopped = new Map<ServiceName, string>();
  return {
    gateway: gatewayIn(environment),
    startedBy: `kubectl --context ${context} -n ${NAMESPACE} port-forward service/gateway 8080`,
    async stop(service) {
      const replicas = ['--output', 'jsonpath={.spec.replicas}'];
      stopped.set(service, await kubectl('get', 'deployment', service, ...replicas));
      await scale(service, '0');
      await kubectl('wait', '--for=delete', 'pod', '--selector', `app=${service}`, STOP_TIMEOUT);
    },
    async start(service) {
      const replicas = stopped.get(service);
      if (replicas === undefined) return;
      await scale(service, replicas);
      await kubectl('rollout', 'status', `deployment/${service}`, START_TIMEOUT);
      stopped.delete(service);
    },
  };
}

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
    return await output('docker', ['compose', ...args]);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(`${error.message}\nStart the suite first: ${UP}`, { cause: error });
  }
}

/** Runs a program and returns its stdout. @throws SetupError with its stderr when it fails */
async function output(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await runFile(program, args, {
      cwd: REPOSITORY,
      env: process.env,
    });
    return stdout.trim();
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = code === 'ENOENT' ? `there is no ${program} on the PATH` : stderr?.trim();
    throw new SetupError(`${program} ${args.join(' ')} failed: ${reason || String(error)}`, {
      cause: error,
    });
  }
}

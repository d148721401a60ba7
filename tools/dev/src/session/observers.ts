import { join } from 'node:path';
import {
  foldersIn,
  LOCAL,
  pidFileIn,
  prometheus,
  REPOSITORY,
  SERVICES,
  zipkin,
  zipkinEnvironment,
  type Server,
} from '@equipmgnt/testing';
import type { Settings } from '../settings.ts';

interface Observers {
  readonly processes: readonly Server[];
  readonly addresses: readonly (readonly [name: string, url: string])[];
  /** The variables by which services send their traces. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What shows traces, metrics and alerts beside the suite, with the option --observe. */
export function observers({ observers: ports, servicePorts, managementPort }: Settings): Observers {
  if (ports === undefined) return { processes: [], addresses: [], environment: {} };
  const { data, logs, run } = foldersIn(LOCAL);
  const options = (name: keyof typeof ports) => ({
    port: ports[name],
    directory: join(data, name),
    logFile: join(logs, `${name}.log`),
    pidFile: pidFileIn(run, name),
  });
  const portOf = { ...servicePorts, gateway: managementPort };
  const traces = zipkin(options('zipkin'));
  const metrics = prometheus({
    ...options('prometheus'),
    targets: Object.fromEntries(SERVICES.map((name) => [name, `127.0.0.1:${portOf[name]}`])),
    rules: [join(REPOSITORY, 'k8s/observability/alerts.yaml')],
    intervalS: 5,
  });
  return {
    processes: [traces, metrics],
    addresses: [
      ['traces', traces.url],
      ['metrics', metrics.url],
    ],
    environment: { ...zipkinEnvironment(ports.zipkin), OTEL_BSP_SCHEDULE_DELAY: '1000' },
  };
}

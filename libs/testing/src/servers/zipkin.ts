import { mkdir } from 'node:fs/promises';
import type { Command } from '../processes/detached.ts';
import type { StartContext } from '../processes/managed-process.ts';
import { askHealth } from './ask-health.ts';
import { zipkinJar } from './downloads/archives.ts';
import { javaExecutable } from './downloads/java.ts';
import { Server, type ServerOptions } from './server.ts';

/** Shows traces, which it keeps in memory: the newest half million spans. */
export function zipkin(options: ServerOptions): Server {
  const url = `http://127.0.0.1:${options.port}`;
  return new Server(
    {
      name: 'Zipkin',
      command: (start) => prepare(options, start),
      output: { file: options.logFile },
      probe: () => askHealth(`${url}/health`),
      readyWithinMs: 120_000,
      stopSignal: 'SIGTERM',
      stopWithinMs: 10_000,
      pidFile: options.pidFile,
    },
    `${url}/zipkin/`,
  );
}

/** The environment of a process that sends its traces to Zipkin. */
export const zipkinEnvironment = (port: number): Record<string, string> => ({
  OTEL_TRACES_EXPORTER: 'zipkin',
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: `http://127.0.0.1:${port}/api/v2/spans`,
});

async function prepare(
  { directory, port }: ServerOptions,
  { report, signal }: StartContext,
): Promise<Command> {
  const jar = await zipkinJar(report, signal);
  await mkdir(directory, { recursive: true });
  return {
    executable: javaExecutable(),
    args: ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-jar', jar],
    cwd: directory,
    env: { ...process.env, QUERY_PORT: String(port), MEM_MAX_SPANS: '500000' },
  };
}

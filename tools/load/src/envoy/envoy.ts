import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, ManagedProcess, waitUntil } from '@equipmgnt/testing';
import { parseAccessLog, type LoggedRequest } from './access-log.ts';
import { bootstrap, endpointsOf } from './bootstrap.ts';
import type { BreakerRule } from './destination-rule.ts';

export interface EnvoyOptions {
  /** The program, from envoyProgram(). */
  readonly program: string;
  /** For Envoy's configuration. */
  readonly directory: string;
  readonly rule?: BreakerRule | undefined;
  /** The ports of approval's replicas. */
  readonly upstreams: readonly number[];
}

const LINES_SHOWN = 20;
const WITHIN_MS = 30_000;
// With the default of 10 s, each run would wait for the last lines.
const FLUSH_MS = '100';

/** A real Envoy in front of approval, in the role of the client's sidecar. */
export class Envoy extends ManagedProcess {
  readonly url: string;
  readonly #adminUrl: string;
  readonly #endpointsFile: string;
  readonly #requests: LoggedRequest[];

  private constructor(options: EnvoyOptions, port: number, adminPort: number) {
    const requests: LoggedRequest[] = [];
    const said: string[] = [];
    const endpointsFile = join(options.directory, 'endpoints.json');
    const configuration = join(options.directory, 'envoy.json');
    const adminUrl = `http://127.0.0.1:${adminPort}`;
    super({
      name: 'Envoy',
      command: async () => {
        const { rule, directory } = options;
        const config = bootstrap({ port, adminPort, rule, endpointsFile });
        await writeFile(configuration, JSON.stringify(config));
        return {
          executable: options.program,
          args: [
            '--config-path',
            configuration,
            '--file-flush-interval-msec',
            FLUSH_MS,
            '--log-level',
            'warning',
            '--concurrency',
            '2', // as Istio's sidecar
            '--disable-hot-restart', // no shared memory with other Envoys
          ],
          cwd: directory,
          env: process.env,
        };
      },
      output: {
        onLine: (line) => {
          const request = parseAccessLog(line);
          if (request) requests.push(request);
          else said.push(line);
        },
      },
      probe: async () => {
        const { ok, status } = await fetch(`${adminUrl}/ready`);
        if (!ok) throw new Error(`Envoy answers ${status}`);
      },
      readyWithinMs: WITHIN_MS,
      tail: () => said.slice(-LINES_SHOWN).join('\n'),
      stopSignal: 'SIGTERM',
      stopWithinMs: 5_000,
    });
    this.url = `http://127.0.0.1:${port}`;
    this.#adminUrl = adminUrl;
    this.#endpointsFile = endpointsFile;
    this.#requests = requests;
  }

  static async start(options: EnvoyOptions): Promise<Envoy> {
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    await mkdir(options.directory, { recursive: true });
    const envoy = new Envoy(options, port, adminPort);
    await envoy.#writeEndpoints(options.upstreams);
    await envoy.start();
    return envoy;
  }

  /** All requests so far. A log line arrives shortly after its response. */
  async requests(): Promise<readonly LoggedRequest[]> {
    return waitUntil(
      async () => {
        const stats = await this.#stats();
        const completed = stats.get('http.ingress.downstream_rq_completed') ?? 0;
        if (this.#requests.length < completed) {
          throw new Error(`${this.#requests.length} of ${completed} requests are logged`);
        }
        return [...this.#requests];
      },
      { withinMs: WITHIN_MS },
    );
  }

  /** A counter of the cluster, e.g. `upstream_rq_pending_overflow`. */
  async counter(name: string): Promise<number> {
    const value = (await this.#stats()).get(`cluster.approval.${name}`);
    if (value === undefined) throw new Error(`Envoy has no counter ${name}`);
    return value;
  }

  /** Changes the upstreams, as Kubernetes does when pods become ready or stop. */
  async route(upstreams: readonly number[]): Promise<void> {
    await this.#writeEndpoints(upstreams);
    const wanted = upstreams.map((port) => `127.0.0.1:${port}`).sort();
    await waitUntil(
      async () => {
        const answer = await fetch(`${this.#adminUrl}/clusters`);
        const found = (await answer.text()).matchAll(/^approval::([\d.:]+)::cx_active::/gm);
        const current = [...found].map(([, address]) => address).sort();
        if (current.join() !== wanted.join()) throw new Error(`Envoy knows ${current.join()}`);
      },
      { withinMs: WITHIN_MS },
    );
  }

  async #stats(): Promise<Map<string, number>> {
    const answer = await fetch(`${this.#adminUrl}/stats`);
    const pairs = (await answer.text()).matchAll(/^(\S+): (\d+)$/gm);
    return new Map([...pairs].map(([, name, value]) => [name as string, Number(value)]));
  }

  /** Renames a file, because Envoy watches only for renames. */
  async #writeEndpoints(upstreams: readonly number[]): Promise<void> {
    const next = `${this.#endpointsFile}.next`;
    await writeFile(next, JSON.stringify(endpointsOf(upstreams)));
    await rename(next, this.#endpointsFile);
  }
}

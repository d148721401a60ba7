import { join } from 'node:path';
import { Suite, type Connections, type SuiteOptions } from '@equipmgnt/testing';
import { Envoy, type EnvoyOptions } from './envoy/envoy.ts';
import { siege, type SiegeRun } from './siege/siege.ts';

export interface EnvironmentOptions {
  /** The databases and the broker. */
  readonly connections: Connections;
  /** For the configuration files of the started programs. */
  readonly directory: string;
  readonly siegeProgram: string;
  readonly envoyProgram: string;
  /** Receives each progress message. */
  readonly say: (text: string) => void;
  /** Receives each line that siege prints. */
  readonly onSiegeLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

type Parts = Pick<SuiteOptions, 'services' | 'ports' | 'env'>;

/** The processes of one local run. stop() stops everything that was started through it. */
export class Environment {
  readonly #options: EnvironmentOptions;
  readonly #suites: Suite[] = [];
  readonly #envoys: Envoy[] = [];

  constructor(options: EnvironmentOptions) {
    this.#options = options;
  }

  say(text: string): void {
    this.#options.say(text);
  }

  /** Starts services and waits until they are ready. */
  async start(parts: Parts): Promise<Suite> {
    const suite = await this.prepare(parts);
    await Promise.all(suite.processes.map((process) => process.start()));
    return suite;
  }

  /** Creates services without starting them. */
  async prepare(parts: Parts): Promise<Suite> {
    const suite = await Suite.prepare({ infrastructure: this.#options.connections, ...parts });
    this.#suites.push(suite);
    return suite;
  }

  async envoy(options: Pick<EnvoyOptions, 'rule' | 'upstreams'>): Promise<Envoy> {
    const { directory, envoyProgram: program } = this.#options;
    const own = join(directory, `envoy-${this.#envoys.length + 1}`);
    const envoy = await Envoy.start({ program, directory: own, ...options });
    this.#envoys.push(envoy);
    return envoy;
  }

  /** @throws the signal's reason if it aborts during the siege */
  siege(run: Omit<SiegeRun, 'program' | 'onLine' | 'signal'>) {
    const { siegeProgram: program, onSiegeLine: onLine, signal } = this.#options;
    return siege({ program, ...(onLine && { onLine }), ...(signal && { signal }), ...run });
  }

  /** Stops everything, also what has not finished starting. */
  async stop(): Promise<void> {
    await Promise.all(this.#suites.map((suite) => suite.stop()));
    await Promise.all(this.#envoys.map((envoy) => envoy.stop()));
  }
}

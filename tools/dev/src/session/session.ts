import { relative } from 'node:path';
import {
  foldersIn,
  LOCAL,
  REPOSITORY,
  type ManagedProcess,
  SERVICES,
  Suite,
  build,
  controlSocketIn,
  runSteps,
  type Step,
} from '@equipmgnt/testing';
import type { Settings } from '../settings.ts';
import { listenForControl, statusOf } from './control-server.ts';
import { developmentIssuer } from './development-issuer.ts';
import { localServers } from './local-servers.ts';
import { observers } from './observers.ts';
import { print, printLog, say } from './print.ts';
import { removeState, writeState } from './state-file.ts';
import { supervise } from './supervise.ts';
import { welcome } from './welcome.ts';

const folders = foldersIn(LOCAL);
const controlSocket = controlSocketIn(folders.run);

/** The processes of `npm start`: the servers, and one process of each service. */
export class Session {
  readonly #settings: Settings;
  readonly #servers: ReturnType<typeof localServers>;
  readonly #notes: string[] = [];
  readonly #issuer: ReturnType<typeof developmentIssuer>;
  readonly #observers: ReturnType<typeof observers>;
  #suite: Suite | undefined;
  #endControl = async (): Promise<void> => undefined;
  /** Whether the logs of the services are printed; not during the start. */
  #streaming = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#servers = localServers(settings, (text) => this.#notes.push(text));
    this.#issuer = developmentIssuer(
      settings.issuerPort,
      settings.servicePorts.gateway,
      folders.run,
    );
    this.#observers = observers(settings);
  }

  /**
   * Builds and starts everything, and prints the addresses.
   * @throws the first error. {@link stop} then stops the processes that were started.
   */
  async bringUp(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    const servers = this.#servers.embedded.map(startStep);
    await runSteps([{ title: 'Build', run: build }, ...servers], signal);
    const suite = await this.#prepareSuite();
    await runSteps([...this.#beside, ...suite.processes].map(startStep), signal);
    await this.#watch(suite);
    for (const note of this.#notes) say(note);
    print(
      welcome({
        addresses: [
          ...suite.processes.map(({ name, url }) => [name, url] as const),
          ['management', suite.gateway[0].managementUrl],
          ...this.#issuer.addresses,
          ...this.#observers.addresses,
          ...this.#servers.addresses,
        ],
        gatewayUrl: suite.gateway[0].url,
        hasTokens: this.#issuer.processes.length > 0,
        logFolder: relative(REPOSITORY, folders.logs),
        seconds: (performance.now() - startedAt) / 1000,
      }),
    );
    this.#streaming = true;
  }

  /** Stops the services first, because they need the servers for a graceful stop. */
  async stop(): Promise<void> {
    await this.#endControl();
    removeState(folders.run);
    const killed = (await this.#suite?.stop()) ?? [];
    const others = [...this.#servers.embedded, ...this.#beside];
    for (const process of others.toReversed()) {
      if ((await process.stop()) === 'killed') killed.push(process.name);
    }
    for (const name of killed) say(`${name} did not stop in time and was killed`);
  }

  /** Kills all processes immediately. The servers recover at their next start. */
  kill(): void {
    for (const process of this.#processes) void process.kill();
  }

  get #processes(): readonly ManagedProcess[] {
    const services = this.#suite?.processes ?? [];
    return [...services, ...this.#beside, ...this.#servers.embedded];
  }

  /** What runs beside the services: the issuer, and what shows traces and metrics. */
  get #beside(): readonly ManagedProcess[] {
    return [...this.#issuer.processes, ...this.#observers.processes];
  }

  async #prepareSuite(): Promise<Suite> {
    const { servicePorts, managementPort } = this.#settings;
    const { environment: signIn, gatewayEnvironment } = this.#issuer;
    const traces = this.#observers.environment;
    this.#suite = await Suite.prepare({
      infrastructure: await this.#servers.provision(),
      ports: Object.fromEntries(SERVICES.map((service) => [service, [servicePorts[service]]])),
      managementPort,
      env: {
        ...Object.fromEntries(SERVICES.map((service) => [service, { ...signIn, ...traces }])),
        gateway: { ...gatewayEnvironment, ...traces },
      },
      pidFolder: folders.run,
      onLine: (process, line) => {
        if (this.#streaming) printLog(process, line);
      },
    });
    return this.#suite;
  }

  /** Restarts processes that exit unexpectedly, and accepts control requests. */
  async #watch(suite: Suite): Promise<void> {
    const stateOf = () => ({
      pid: process.pid, // of npm start
      controlSocket,
      infrastructure: Object.fromEntries(this.#servers.addresses),
      ...statusOf(suite),
    });
    const notify = (text: string) => {
      say(text);
      writeState(folders.run, stateOf());
    };
    for (const process of this.#processes) supervise(process, notify);
    this.#endControl = await listenForControl({ suite, socketFile: controlSocket, say: notify });
    writeState(folders.run, stateOf());
  }
}

const startStep = (process: ManagedProcess): Step => ({
  title: process.name,
  run: (report, signal) => process.start({ report, signal }),
});

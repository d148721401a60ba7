import { SERVICES, type ServiceName } from '@equipmgnt/contracts';
import { REPOSITORY } from '../layout.ts';
import { freePorts } from '../ports/free-ports.ts';
import { pidFileIn } from '../processes/pid-file.ts';
import { ServiceProcess } from './service-process.ts';
import { environmentOf, type Connections, type Environment } from './services.ts';

export interface SuiteOptions {
  /** The addresses of the databases and of the broker. */
  readonly infrastructure: Connections;
  /** How many processes of each service; by default one of each of the five. */
  readonly services?: Partial<Record<ServiceName, number>>;
  /** The ports of the processes, by service; by default free ports are chosen. */
  readonly ports?: Partial<Record<ServiceName, readonly number[]>>;
  /** The management port of the first gateway; by default a free port is chosen. */
  readonly managementPort?: number;
  /** Variables by service; they override the variables that connect the services. */
  readonly env?: Partial<Record<ServiceName, Environment>>;
  /** Called with each line that a process prints. */
  readonly onLine?: (process: ServiceProcess, line: string) => void;
  /** The folder for pid files, by which a later run finds orphans of a killed one. */
  readonly pidFolder?: string;
  /** The folder that holds the built services; by default this repository. */
  readonly repository?: string;
}

/** The processes of one service; at least one. */
export type Replicas = readonly [ServiceProcess, ...ServiceProcess[]];

/** The services as processes, connected to each other and to the given databases and broker. */
export class Suite {
  readonly #replicas: ReadonlyMap<ServiceName, readonly ServiceProcess[]>;

  private constructor(replicas: ReadonlyMap<ServiceName, readonly ServiceProcess[]>) {
    this.#replicas = replicas;
  }

  /**
   * Starts the services and waits until all are ready. If one does not start, all are stopped.
   * @throws SetupError with the end of the log of the service that did not start.
   */
  static async start(options: SuiteOptions): Promise<Suite> {
    const suite = await Suite.prepare(options);
    try {
      await Promise.all(suite.processes.map((process) => process.start()));
      return suite;
    } catch (error) {
      await suite.stop();
      throw error;
    }
  }

  /** Chooses ports and environments, but starts nothing yet. */
  static async prepare(options: SuiteOptions): Promise<Suite> {
    const ports = await choosePorts(options);
    const free = await freePorts(ports.get('gateway')?.length ?? 0);
    const managementPorts = free.map((port, index) =>
      index === 0 ? (options.managementPort ?? port) : port,
    );
    // Other services call the first replica: the suite has no load balancer.
    const urlOf = (service: ServiceName) => {
      const port = ports.get(service)?.[0];
      return port === undefined ? undefined : `http://127.0.0.1:${port}`;
    };
    const replicas = [...ports].map(([service, numbers]) => {
      const environment = {
        ...environmentOf(service, options.infrastructure, urlOf),
        ...options.env?.[service],
      };
      const processes = numbers.map((port, index) =>
        prepareProcess(
          {
            service,
            index,
            port,
            managementPort: service === 'gateway' ? managementPorts[index] : undefined,
          },
          environment,
          options,
        ),
      );
      return [service, processes] as const;
    });
    return new Suite(new Map(replicas));
  }

  /** All processes. */
  get processes(): readonly ServiceProcess[] {
    return [...this.#replicas.values()].flat();
  }

  get gateway(): Replicas {
    return this.of('gateway');
  }
  get order(): Replicas {
    return this.of('order');
  }
  get approval(): Replicas {
    return this.of('approval');
  }
  get equipment(): Replicas {
    return this.of('equipment');
  }
  get mis(): Replicas {
    return this.of('mis');
  }

  /** The processes of a service. @throws Error when this suite was started without it. */
  of(service: ServiceName): Replicas {
    const [first, ...others] = this.#replicas.get(service) ?? [];
    if (first === undefined) {
      throw new Error(`this suite was started without ${service}: add it to the option "services"`);
    }
    return [first, ...others];
  }

  /**
   * Stops all processes, in any state.
   * @returns the names of the processes that did not stop in time and were killed.
   */
  async stop(): Promise<string[]> {
    const outcomes = await Promise.all(
      this.processes.map(async (process) => ({
        name: process.name,
        outcome: await process.stop(),
      })),
    );
    return outcomes.filter(({ outcome }) => outcome === 'killed').map(({ name }) => name);
  }
}

interface Place {
  readonly service: ServiceName;
  /** 0 for the first replica. */
  readonly index: number;
  readonly port: number;
  readonly managementPort: number | undefined;
}

function prepareProcess(
  { service, index, ...ports }: Place,
  environment: Environment,
  { repository = REPOSITORY, pidFolder, onLine }: SuiteOptions,
): ServiceProcess {
  const name = index === 0 ? service : `${service}-${index + 1}`;
  const process: ServiceProcess = new ServiceProcess({
    service,
    name,
    ...ports,
    environment,
    repository,
    pidFile: pidFolder && pidFileIn(pidFolder, name),
    onLine: onLine && ((line) => onLine(process, line)),
  });
  return process;
}

async function choosePorts({ services, ports = {} }: SuiteOptions) {
  const chosen = new Map<ServiceName, readonly number[]>();
  for (const service of SERVICES) {
    const count = services === undefined ? 1 : (services[service] ?? 0);
    const free = await freePorts(count);
    if (count > 0)
      chosen.set(
        service,
        free.map((port, i) => ports[service]?.[i] ?? port),
      );
  }
  return chosen;
}

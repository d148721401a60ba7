import { Injectable } from '@nestjs/common';

/** The result of a check; operators see `detail`, so it must contain no secret. */
export interface HealthReport {
  readonly up: boolean;
  readonly detail?: Record<string, unknown>;
}

export type HealthCheck = () => HealthReport | Promise<HealthReport>;

/** The whole answer, in the shape of Spring Boot's actuator. */
export interface HealthAnswer {
  readonly status: 'UP' | 'DOWN' | 'OUT_OF_SERVICE';
  readonly components: Record<string, { status: 'UP' | 'DOWN'; details?: Record<string, unknown> }>;
}

const CHECK_TIMEOUT_MS = 1_500; // below the probes' own timeout of 2 s

/**
 * The health checks of this application. Liveness covers what a restart can fix (consumer, relay),
 * readiness its own database. Neither covers other services or Kafka: orders are accepted while Kafka is
 * down.
 */
@Injectable()
export class Health {
  private readonly liveness = new Map<string, HealthCheck>();
  private readonly readiness = new Map<string, HealthCheck>();
  private stoppingSince: number | undefined;
  private stopWithin = Infinity;

  /** Registers a check whose failure only a restart can fix. */
  addLiveness(name: string, check: HealthCheck): void {
    this.liveness.set(name, check);
  }

  /** Registers a check whose failure means that other replicas should get the requests for now. */
  addReadiness(name: string, check: HealthCheck): void {
    this.readiness.set(name, check);
  }

  /**
   * Sets readiness to OUT_OF_SERVICE, so that no new requests are routed here.
   * @param withinMs how long this process may take to stop
   */
  stop(withinMs = Infinity): void {
    this.stoppingSince ??= performance.now();
    this.stopWithin = withinMs;
  }

  /** How long this process may take to stop, from the call of {@link stop}. */
  get stopWithinMs(): number {
    return this.stopWithin;
  }

  get isStopping(): boolean {
    return this.stoppingSince !== undefined;
  }

  /** The time since {@link stop}, in ms; 0 before it. */
  stoppingForMs(): number {
    return this.stoppingSince === undefined ? 0 : performance.now() - this.stoppingSince;
  }

  alive(): Promise<HealthAnswer> {
    return answer(this.liveness, false);
  }

  ready(): Promise<HealthAnswer> {
    return answer(this.readiness, this.isStopping);
  }

  /** The readiness status with the components of both; liveness does not change the status. */
  async overall(): Promise<HealthAnswer> {
    const [ready, alive] = await Promise.all([this.ready(), this.alive()]);
    return { status: ready.status, components: { ...ready.components, ...alive.components } };
  }
}

async function answer(checks: Map<string, HealthCheck>, stopping: boolean): Promise<HealthAnswer> {
  const reports = await Promise.all(
    [...checks].map(async ([name, check]) => [name, await run(check)] as const),
  );
  const components = Object.fromEntries(
    reports.map(([name, { up, detail }]) => [
      name,
      { status: up ? ('UP' as const) : ('DOWN' as const), ...(detail && { details: detail }) },
    ]),
  );
  const up = reports.every(([, report]) => report.up);
  return { status: stopping ? 'OUT_OF_SERVICE' : up ? 'UP' : 'DOWN', components };
}

async function run(check: HealthCheck): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthReport>((resolve) => {
    const report = { up: false, detail: { error: `no answer within ${CHECK_TIMEOUT_MS} ms` } };
    timer = setTimeout(() => resolve(report), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { up: false, detail: { error: (error as Error).message } };
  } finally {
    clearTimeout(timer);
  }
}

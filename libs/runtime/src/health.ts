import { Injectable } from '@nestjs/common';

/** What a check found; `detail` is shown to operators and must hold no secret. */
export interface HealthReport {
  readonly up: boolean;
  readonly detail?: Record<string, unknown>;
}

export type HealthCheck = () => HealthReport | Promise<HealthReport>;

/** The whole answer, in the shape that Spring Boot's actuator gives. */
export interface HealthAnswer {
  readonly status: 'UP' | 'DOWN' | 'OUT_OF_SERVICE';
  readonly components: Record<string, { status: 'UP' | 'DOWN'; details?: Record<string, unknown> }>;
}

const CHECK_TIMEOUT_MS = 1_500; // below the probes' own timeout of 2 s

/**
 * Knows what this process needs to be alive (itself, its consumers, its relay) and to be ready (its
 * own database; not its neighbours, and not Kafka: orders are taken while Kafka is down).
 */
@Injectable()
export class Health {
  private readonly liveness = new Map<string, HealthCheck>();
  private readonly readiness = new Map<string, HealthCheck>();
  private stopping = false;

  /** Registers a check whose failure only a restart can mend. */
  addLiveness(name: string, check: HealthCheck): void {
    this.liveness.set(name, check);
  }

  /** Registers a check whose failure means: send requests elsewhere for now. */
  addReadiness(name: string, check: HealthCheck): void {
    this.readiness.set(name, check);
  }

  /** From now on readiness says OUT_OF_SERVICE, so that no new requests are routed here. */
  stop(): void {
    this.stopping = true;
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  alive(): Promise<HealthAnswer> {
    return answer(this.liveness, false);
  }

  ready(): Promise<HealthAnswer> {
    return answer(this.readiness, this.stopping);
  }

  /** Ready or not, with everything that is known; liveness does not change the verdict. */
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

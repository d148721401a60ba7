import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Suite,
  waitUntil,
  type Connections,
  type ServiceProcess,
  type SuiteOptions,
} from '@equipmgnt/testing';
import { Environment, answersIn, type ApprovalSetup, type Reporting } from '../environment.ts';
import { readBreakerRule, type BreakerRule } from '../envoy/destination-rule.ts';
import { Envoy } from '../envoy/envoy.ts';
import { siege, SIEGE_TIMEOUT_SECONDS, type SiegeRun } from '../siege/siege.ts';
import { SuiteClient } from '../suite-client.ts';
import { DELAY_MS, JITTER_MS } from '../thresholds.ts';

export interface LocalOptions {
  /** The databases and the broker. */
  readonly connections: Connections;
  /** For the configuration files of the started programs. */
  readonly directory: string;
  readonly siegeProgram: string;
  readonly envoyProgram: string;
  readonly reporting: Reporting;
  /** The breaker's numbers, by default those of dr-approval. */
  readonly rule?: BreakerRule;
}

// A request takes some time, so that some are in flight when a replica stops.
const SLOW = {
  APPROVAL_DELAY_MS: String(DELAY_MS),
  APPROVAL_DELAY_JITTER_MS: String(JITTER_MS),
};
const USUAL = { APPROVAL_DELAY_MS: '100' };
const PRE_STOP_MS = 1_000;
const STARTED_WITHIN_MS = 10_000;
// The liveness probe, with shorter times than in the cluster.
const PROBE = { periodMs: 1_000, timeoutMs: 2_000, failureThreshold: 3 };

/**
 * Services as processes of this machine, with an Envoy in front of approval. This process does what
 * Kubernetes does: Envoy's endpoints follow each replica that becomes ready, stops or is restarted.
 */
export class LocalEnvironment extends Environment {
  readonly requestLimitSeconds = SIEGE_TIMEOUT_SECONDS;
  protected readonly reporting: Reporting;
  readonly #options: LocalOptions;
  readonly #suites: Suite[] = [];
  #approval: ServiceProcess[] = [];
  #envoy: Envoy | undefined;
  #others: Suite | undefined;

  constructor(options: LocalOptions) {
    super();
    this.#options = options;
    this.reporting = options.reporting;
  }

  get approvalsUrl(): string {
    return `${started(this.#envoy).url}/approvals`;
  }
  get ordersUrl(): string {
    return `${started(this.#others).gateway[0].url}/orders`;
  }

  async setUpApproval({ slow = false, replicas = 1, meshBreaker = false }: ApprovalSetup) {
    const { directory, envoyProgram: program, rule } = this.#options;
    if (slow) this.say(`approval is slow: ${DELAY_MS} ± ${JITTER_MS} ms`);
    const services = await this.#prepareApproval(replicas, slow ? SLOW : USUAL);
    await Promise.all(services.map((service) => service.start()));
    this.#approval = [...services];
    this.#envoy = await Envoy.start({
      program,
      directory: join(directory, 'envoy'),
      rule: meshBreaker ? (rule ?? (await readBreakerRule())) : undefined,
      upstreams: this.#approval.map(portOf),
    });
  }

  async stopApproval(): Promise<void> {
    await this.setUpApproval({});
    await this.#route([]);
    await Promise.all(this.#approval.map((replica) => replica.stop()));
  }

  async startApproval(): Promise<void> {
    await Promise.all(this.#approval.map((replica) => replica.start()));
    await this.#route(this.#approval);
  }

  async client(): Promise<SuiteClient> {
    const address = { APPROVAL_URL: started(this.#envoy).url };
    const others = await this.#prepare({
      services: { gateway: 1, order: 1, equipment: 1, mis: 1 },
      env: { order: address, gateway: address },
    });
    await Promise.all(others.processes.map((process) => process.start()));
    this.#others = others;
    return new SuiteClient(others.gateway[0].url);
  }

  async breakers() {
    const [approval] = this.#approval;
    const { ok: alive } = await fetch(`${approval?.url}/actuator/health/readiness`);
    const metrics = await metricsOf(started(this.#others).order[0]);
    const counts = metrics.matchAll(/^approval_fallbacks_total\{cause="([^"]+)"\} (\d+)$/gm);
    return {
      alive,
      overflows: await started(this.#envoy).counter('upstream_rq_pending_overflow'),
      fallbacks: Object.fromEntries([...counts].map(([, cause, n]) => [cause, Number(n)])),
    };
  }

  /** As a Deployment with maxUnavailable 0 and maxSurge 1. */
  async rollOut(probed: boolean): Promise<void> {
    const readiness: Promise<void>[] = [];
    for (const old of this.#approval) {
      const [fresh] = await this.#prepareApproval(1, USUAL);
      const ready = fresh.start();
      readiness.push(ready);
      await (probed ? ready : waitUntil(() => isRunning(fresh), { withinMs: STARTED_WITHIN_MS }));
      this.#approval = [...this.#approval.filter((each) => each !== old), fresh];
      // no requests may go to it when it stops, so its endpoint is removed first, as with a preStop pause
      await this.#route(this.#approval);
      await sleep(PRE_STOP_MS);
      await old.stop();
    }
    await Promise.all(readiness);
  }

  async hang() {
    const [hung] = this.#approval;
    if (hung === undefined) throw new Error('approval has no replica');
    await hung.kill('SIGSTOP');
    return { name: hung.name, restarted: () => this.#restartHung() };
  }

  async answers() {
    const entries = this.#approval.map(
      async (replica) => [replica.name, answersIn(await metricsOf(replica))] as const,
    );
    return new Map(await Promise.all(entries));
  }

  protected async runSiege(run: SiegeRun, onLine: (line: string) => void) {
    const { siegeProgram: program, reporting } = this.#options;
    const report = await siege({ program, ...run, onLine, signal: reporting.signal });
    return { siege: report, requests: await started(this.#envoy).requests() };
  }

  /** Stops everything, also what has not finished starting. */
  async stop(): Promise<void> {
    await Promise.all(this.#suites.map((suite) => suite.stop()));
    await this.#envoy?.stop();
  }

  /** Does the kubelet's work: kills the replica whose liveness probe fails, and starts it again. */
  async #restartHung(): Promise<string> {
    const probing = new AbortController();
    const failing = this.#approval.map(async (replica) => {
      await livenessFails(replica, probing.signal);
      return replica;
    });
    const dead = await Promise.race(failing);
    probing.abort();
    this.say(`${dead.name} does not answer its liveness probe: it is killed`);
    await this.#route(this.#approval.filter((each) => each !== dead));
    await dead.kill();
    await dead.start();
    await this.#route(this.#approval);
    return dead.name;
  }

  async #prepareApproval(replicas: number, env: Readonly<Record<string, string>>) {
    const suite = await this.#prepare({ services: { approval: replicas }, env: { approval: env } });
    return suite.approval;
  }

  async #prepare(parts: Pick<SuiteOptions, 'services' | 'env'>): Promise<Suite> {
    const suite = await Suite.prepare({ infrastructure: this.#options.connections, ...parts });
    this.#suites.push(suite);
    return suite;
  }

  #route(replicas: readonly ServiceProcess[]): Promise<void> {
    return started(this.#envoy).route(replicas.map(portOf));
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('it is not started yet');
  return part;
}

const portOf = ({ url }: { readonly url: string }): number => Number(new URL(url).port);

const metricsOf = async ({ url }: ServiceProcess): Promise<string> =>
  (await fetch(`${url}/actuator/prometheus`)).text();

async function isRunning({ name, pid }: ServiceProcess): Promise<void> {
  if (pid === undefined) throw new Error(`${name} is not running yet`);
}

/** Resolves when enough consecutive probes have failed or the signal aborts. */
async function livenessFails({ url }: ServiceProcess, signal: AbortSignal): Promise<void> {
  for (let failures = 0; failures < PROBE.failureThreshold && !signal.aborted;) {
    const timeout = AbortSignal.timeout(PROBE.timeoutMs);
    const alive = await fetch(`${url}/actuator/health/liveness`, { signal: timeout }).then(
      ({ ok }) => ok,
      () => false,
    );
    failures = alive ? 0 : failures + 1;
    await sleep(PROBE.periodMs);
  }
}

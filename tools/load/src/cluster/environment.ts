import { SetupError, suiteOfCluster, type RunningSuite } from '@equipmgnt/testing';
import {
  answersIn,
  Environment,
  type Answers,
  type ApprovalSetup,
  type Reporting,
} from '../environment.ts';
import { SIEGE_TIMEOUT_SECONDS, type SiegeRun } from '../siege/siege.ts';
import { SuiteClient } from '../suite-client.ts';
import { ClusterState, type Deployment } from './cluster-state.ts';
import { HANG } from './hang.ts';
import { poll, type Kubectl } from './kubectl.ts';
import { siegeInCluster } from './siege-job.ts';

export interface ClusterOptions {
  readonly kubectl: Kubectl;
  readonly context: string;
  readonly reporting: Reporting;
  /** Whether the cluster has Istio. */
  readonly hasMesh: boolean;
}

/** The timeout of approval's route in istio/virtual-services.yaml. It is shorter than siege's own. */
export const ROUTE_TIMEOUT_SECONDS = 15;
const RESTARTED_WITHIN_MS = 300_000;
const METRICS =
  "console.log(await (await fetch('http://127.0.0.1:8080/actuator/prometheus')).text())";

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly restartCount: number;
    }[];
  };
}

/** A suite in a Kubernetes cluster, with Istio or without it. */
export class ClusterEnvironment extends Environment {
  readonly kubectl: Kubectl;
  readonly state: ClusterState;
  readonly requestLimitSeconds: number;
  readonly approvalsUrl = 'http://approval:8080/approvals';
  readonly ordersUrl = 'http://gateway:8080/orders';
  protected readonly reporting: Reporting;
  readonly #hasMesh: boolean;
  readonly #suite: RunningSuite;

  constructor({ kubectl, context, reporting, hasMesh }: ClusterOptions) {
    super();
    this.kubectl = kubectl;
    this.reporting = reporting;
    this.state = new ClusterState(kubectl, reporting.say);
    this.requestLimitSeconds = hasMesh ? ROUTE_TIMEOUT_SECONDS : SIEGE_TIMEOUT_SECONDS;
    this.#hasMesh = hasMesh;
    this.#suite = suiteOfCluster(context, process.env);
  }

  async setUpApproval({ slow, meshBreaker = false, replicas }: ApprovalSetup): Promise<void> {
    if (meshBreaker && !this.#hasMesh) {
      throw new SetupError(
        'This demonstration needs Istio, which this cluster does not have: the breaker is a DestinationRule.',
      );
    }
    if (this.#hasMesh) await this.state.meshBreaker(meshBreaker);
    if (replicas !== undefined) await this.state.replicas(replicas);
    if (slow) await this.state.slowApproval();
  }

  async stopApproval(): Promise<void> {
    this.state.afterwards(() => this.#suite.start('approval'));
    await this.#suite.stop('approval'); // the autoscaler ignores a deployment with 0 replicas
  }

  async startApproval(): Promise<void> {
    await this.#suite.start('approval');
  }

  /** Reaches the gateway through kubectl, because it may have no external address. */
  async client(): Promise<SuiteClient> {
    const { url, stop } = await this.kubectl.forward('deployment/gateway', 8080);
    this.state.afterwards(async () => stop());
    return new SuiteClient(url);
  }

  async breakers() {
    const { status } = await this.deployment();
    // the counters also contain what was before the demonstration
    return { alive: (status.readyReplicas ?? 0) > 0, overflows: undefined, fallbacks: undefined };
  }

  rollOut(probed: boolean): Promise<void> {
    return this.state.rollOut(probed);
  }

  async hang() {
    const before = (await this.#pods()).filter((pod) => containerOf(pod)?.ready);
    const name = before[0]?.metadata.name;
    if (name === undefined) throw new SetupError('approval has no ready pod');
    await this.#node(name, HANG);
    return { name, restarted: () => this.#restarted(before) };
  }

  async answers(): Promise<ReadonlyMap<string, Answers>> {
    const pods = (await this.#pods()).filter((pod) => containerOf(pod)?.ready);
    const entries = pods.map(
      async ({ metadata: { name } }) => [name, answersIn(await this.#node(name, METRICS))] as const,
    );
    return new Map(await Promise.all(entries));
  }

  deployment(): Promise<Deployment> {
    return this.kubectl.get<Deployment>('deployment', 'approval');
  }

  restore(): Promise<void> {
    return this.state.restore();
  }

  protected runSiege(run: SiegeRun, onLine: (line: string) => void) {
    const job = run.url === this.ordersUrl ? 'siege-orders' : 'siege-approval';
    return siegeInCluster(this.kubectl, job, { run, onLine, hasMesh: this.#hasMesh });
  }

  /** Without the pods of an earlier roll-out that are still stopping. */
  async #pods(): Promise<readonly Pod[]> {
    const all = await this.kubectl.get<{ items: Pod[] }>('pod', '--selector', 'app=approval');
    return all.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Waits until a restarted container is ready. @returns the name of its pod */
  async #restarted(before: readonly Pod[]): Promise<string> {
    const restarts = new Map(
      before.map((pod) => [pod.metadata.name, containerOf(pod)?.restartCount ?? 0]),
    );
    const back = await poll(RESTARTED_WITHIN_MS, async () =>
      (await this.#pods()).find((pod) => {
        const { ready, restartCount } = containerOf(pod) ?? { ready: false, restartCount: 0 };
        return ready && restartCount > (restarts.get(pod.metadata.name) ?? restartCount);
      }),
    );
    return back?.metadata.name ?? 'none';
  }

  /** Runs JavaScript beside approval, in its container. */
  #node(pod: string, script: string): Promise<string> {
    const node = ['node', '--input-type=module', '--eval', script];
    return this.kubectl.run(['exec', pod, '--container', 'approval', '--', ...node]);
  }
}

const containerOf = (pod: Pod) =>
  pod.status.containerStatuses?.find(({ name }) => name === 'approval');

import { DR_APPROVAL } from '../envoy/destination-rule.ts';
import { DELAY_MS, JITTER_MS } from '../thresholds.ts';
import type { Kubectl } from './kubectl.ts';

const ROLLED_OUT = ['rollout', 'status', 'deployment/approval', '--timeout=600s'];
const SET_ENV = ['set', 'env', 'deployment/approval', '--containers', 'approval'];
const READINESS = ['readinessProbe', 'startupProbe'] as const;

/** The fields of a Deployment that are used here. */
export interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly ({
          readonly name: string;
          readonly resources?: { readonly requests?: { readonly cpu?: string } };
        } & Readonly<Partial<Record<(typeof READINESS)[number], object>>>)[];
      };
    };
  };
  readonly status: { readonly replicas?: number; readonly readyReplicas?: number };
}

/** Changes approval in the cluster for a demonstration. restore() undoes the changes, the last one first. */
export class ClusterState {
  readonly #kubectl: Kubectl;
  readonly #say: (text: string) => void;
  readonly #undo: (() => Promise<unknown>)[] = [];

  constructor(kubectl: Kubectl, say: (text: string) => void) {
    this.#kubectl = kubectl;
    this.#say = say;
  }

  /** @param undo gets a kubectl that Ctrl-C does not stop */
  afterwards(undo: (kubectl: Kubectl) => Promise<unknown>): void {
    this.#undo.push(() => undo(this.#kubectl.undisturbed));
  }

  /**
   * Undoes all changes, and waits for the rollout that they cause: the next demonstration could otherwise
   * select a pod that stops. It reports an undo that fails and continues with the next one.
   */
  async restore(): Promise<void> {
    if (this.#undo.length === 0) return;
    this.#say('restoring the cluster');
    const undo = this.#undo.splice(0).toReversed();
    for (const step of [...undo, () => this.#kubectl.undisturbed.run(ROLLED_OUT)]) {
      await step().catch((error: unknown) =>
        this.#say(`not restored: ${(error as Error).message}`),
      );
    }
  }

  /** Makes approval slow. */
  async slowApproval(): Promise<void> {
    this.#say(`approval becomes slow: ${DELAY_MS} ± ${JITTER_MS} ms`);
    const fast = ['APPROVAL_DELAY_MS-', 'APPROVAL_DELAY_JITTER_MS-'];
    this.afterwards((kubectl) => kubectl.run([...SET_ENV, ...fast]));
    const slow = [`APPROVAL_DELAY_MS=${DELAY_MS}`, `APPROVAL_DELAY_JITTER_MS=${JITTER_MS}`];
    await this.#kubectl.run([...SET_ENV, ...slow]);
    await this.#rolledOut();
  }

  /** Applies or deletes the mesh's breaker in front of approval. */
  async meshBreaker(wanted: boolean): Promise<void> {
    const find = ['get', 'destinationrule', 'dr-approval', '--ignore-not-found', '--output=name'];
    const there = (await this.#kubectl.run(find)).trim() !== '';
    if (there === wanted) return;
    const file = ['--filename', DR_APPROVAL];
    const change = (on: boolean) =>
      on ? ['apply', ...file] : ['delete', '--ignore-not-found', ...file];
    this.#say(`DestinationRule dr-approval is ${wanted ? 'applied' : 'deleted'}`);
    this.afterwards((kubectl) => kubectl.run(change(there)));
    await this.#kubectl.run(change(wanted));
  }

  /** Gives approval this number of ready replicas, and pins it: load must not change it. */
  async replicas(count: number): Promise<void> {
    this.#say(`waiting for ${count} replicas of approval`);
    await this.autoscaler({ minReplicas: count, maxReplicas: count });
    await this.#rolledOut();
    const enough = `--for=jsonpath={.status.readyReplicas}=${count}`;
    await this.#kubectl.run(['wait', enough, 'deployment/approval', '--timeout=600s']);
  }

  /** Changes fields of approval's autoscaler. */
  async autoscaler(spec: Readonly<Record<string, unknown>>): Promise<void> {
    type Autoscaler = { readonly spec: Readonly<Record<string, unknown>> };
    const { spec: before } = await this.#kubectl.get<Autoscaler>('hpa', 'approval');
    const patch = (values: object) => patchOf('hpa', { spec: values }, 'merge');
    const old = Object.fromEntries(Object.keys(spec).map((key) => [key, before[key] ?? null]));
    this.afterwards((kubectl) => kubectl.run(patch(old)));
    await this.#kubectl.run(patch(spec));
  }

  /** Sets approval's CPU request. A changed value rolls approval out again. */
  async cpuRequest(cpu: string): Promise<void> {
    const before = (await this.#container())?.resources?.requests?.cpu ?? null;
    const patch = (value: string | null) =>
      patchOfPods({ resources: { requests: { cpu: value } } });
    this.afterwards((kubectl) => kubectl.run(patch(before)));
    await this.#kubectl.run(patch(cpu));
    await this.#rolledOut();
  }

  /** Rolls approval out again. Without a readiness probe it must not have a startup probe either. */
  async rollOut(probed: boolean): Promise<void> {
    // changed each time, or a repetition would roll nothing out
    const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
    const probes = (of: (probe: (typeof READINESS)[number]) => object | null) =>
      Object.fromEntries(READINESS.map((probe) => [probe, of(probe)]));
    if (!probed) {
      const container = await this.#container();
      const before = probes((probe) => container?.[probe] ?? null);
      this.afterwards((kubectl) => kubectl.run(patchOfPods(before)));
    }
    await this.#kubectl.run(patchOfPods(probed ? {} : probes(() => null), { annotations }));
    await this.#rolledOut();
  }

  #rolledOut(): Promise<string> {
    return this.#kubectl.run(ROLLED_OUT);
  }

  async #container() {
    const { spec } = await this.#kubectl.get<Deployment>('deployment', 'approval');
    return spec.template.spec.containers.find(({ name }) => name === 'approval');
  }
}

const patchOfPods = (container: object, metadata?: object): string[] => {
  const spec = { containers: [{ name: 'approval', ...container }] };
  return patchOf('deployment', { spec: { template: { metadata, spec } } }, 'strategic');
};

const patchOf = (kind: string, patch: object, type: string): string[] => {
  const what = ['--type', type, '--patch', JSON.stringify(patch)];
  return ['patch', kind, 'approval', ...what];
};

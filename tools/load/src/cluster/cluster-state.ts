import { DR_APPROVAL } from '../envoy/destination-rule.ts';
import type { Kubectl } from './kubectl.ts';

const ROLLED_OUT = ['rollout', 'status', 'deployment/approval', '--timeout=600s'];
const READINESS = ['readinessProbe', 'startupProbe'] as const;
const NO_DELAY = ['APPROVAL_DELAY_MS-', 'APPROVAL_DELAY_JITTER_MS-'];

/** The fields of a Deployment that are used here. */
export interface Deployment {
  readonly spec: {
    readonly replicas: number;
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

/** Changes the cluster for a demonstration. restore() undoes the changes, the last one first. */
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

  /** Undoes all changes. It reports an undo that fails and continues with the next one. */
  async restore(): Promise<void> {
    for (const undo of this.#undo.splice(0).toReversed()) {
      await undo().catch((error: unknown) =>
        this.#say(`not restored: ${(error as Error).message}`),
      );
    }
  }

  /** Makes approval slow until restore(). */
  async slowApproval(delayMs: number, jitterMs: number): Promise<void> {
    this.#say(`approval becomes slow: ${delayMs} ± ${jitterMs} ms`);
    const set = ['set', 'env', 'deployment/approval', '--containers', 'approval'];
    this.afterwards(async (kubectl) => {
      this.#say('approval becomes fast again');
      await kubectl.run([...set, ...NO_DELAY]);
      await kubectl.run(ROLLED_OUT);
    });
    const delay = [`APPROVAL_DELAY_MS=${delayMs}`, `APPROVAL_DELAY_JITTER_MS=${jitterMs}`];
    await this.#kubectl.run([...set, ...delay]);
    await this.rolledOut();
  }

  /** Applies or deletes the mesh's breaker in front of approval. */
  async meshBreaker(wanted: boolean): Promise<void> {
    const find = [
      'get',
      'destinationrule',
      'dr-approval',
      '--ignore-not-found',
      '--output',
      'name',
    ];
    const there = (await this.#kubectl.run(find)).trim() !== '';
    if (there === wanted) return;
    const change = (on: boolean) =>
      on
        ? ['apply', '--filename', DR_APPROVAL]
        : ['delete', '--ignore-not-found', '--filename', DR_APPROVAL];
    this.#say(`DestinationRule dr-approval is ${wanted ? 'applied' : 'deleted'}`);
    this.afterwards((kubectl) => kubectl.run(change(there)));
    await this.#kubectl.run(change(wanted));
  }

  /** Changes fields of approval's autoscaler. */
  async autoscaler(spec: Readonly<Record<string, unknown>>): Promise<void> {
    type Autoscaler = { readonly spec: Readonly<Record<string, unknown>> };
    const { spec: before } = await this.#kubectl.get<Autoscaler>('hpa', 'approval');
    const patch = (values: object) => patchOf('hpa', JSON.stringify({ spec: values }), 'merge');
    const old = Object.fromEntries(Object.keys(spec).map((key) => [key, before[key] ?? null]));
    this.afterwards((kubectl) => kubectl.run(patch(old)));
    await this.#kubectl.run(patch(spec));
  }

  /** Sets approval's CPU request. A changed value rolls approval out again. */
  async cpuRequest(cpu: string): Promise<void> {
    const before = (await this.#container())?.resources?.requests?.cpu ?? null;
    const patch = (value: string | null) =>
      patchOfContainer({ resources: { requests: { cpu: value } } });
    this.afterwards(async (kubectl) => {
      await kubectl.run(patch(before));
      await kubectl.run(ROLLED_OUT);
    });
    await this.#kubectl.run(patch(cpu));
    await this.rolledOut();
  }

  /** Removes approval's readiness and startup probes, which rolls it out again. */
  async withoutReadiness(): Promise<void> {
    const container = await this.#container();
    // a startup probe would also delay the traffic
    const patch = (value: (probe: (typeof READINESS)[number]) => unknown) =>
      patchOfContainer(Object.fromEntries(READINESS.map((probe) => [probe, value(probe)])));
    this.afterwards(async (kubectl) => {
      await kubectl.run(patch((probe) => container?.[probe] ?? null));
      // otherwise the next demonstration could select a pod of the old ReplicaSet
      await kubectl.run(ROLLED_OUT);
    });
    await this.#kubectl.run(patch(() => null));
  }

  /** Waits until a rollout of approval has ended. */
  rolledOut(): Promise<string> {
    return this.#kubectl.run(ROLLED_OUT);
  }

  async #container() {
    const { spec } = await this.#kubectl.get<Deployment>('deployment', 'approval');
    return spec.template.spec.containers.find(({ name }) => name === 'approval');
  }
}

const patchOfContainer = (values: object): string[] => {
  const containers = [{ name: 'approval', ...values }];
  const body = JSON.stringify({ spec: { template: { spec: { containers } } } });
  return patchOf('deployment', body, 'strategic');
};

const patchOf = (kind: string, patch: string, type: string): string[] => {
  const what = ['--type', type, '--patch', patch];
  return ['patch', kind, 'approval', ...what];
};

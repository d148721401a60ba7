import {
  nameOf,
  selects,
  type Container,
  type CronJob,
  type KubernetesObject,
  type Labels,
  type Selector,
  type Service,
  type Workload,
} from './objects.ts';

const WORKLOADS = ['Deployment', 'StatefulSet', 'Job'];

/** Everything that is applied to one cluster: an overlay and the mesh's configuration. */
export class Cluster {
  readonly name: string;
  readonly objects: readonly KubernetesObject[];

  constructor(name: string, objects: readonly KubernetesObject[]) {
    this.name = name;
    this.objects = objects;
  }

  /** The objects of a kind. The caller names the matching type. */
  all<T extends KubernetesObject>(kind: string): T[] {
    return this.objects.filter((object): object is T => object.kind === kind);
  }

  find(kind: string, name: string): KubernetesObject | undefined {
    return this.all(kind).find(({ metadata }) => metadata.name === name);
  }

  get workloads(): Workload[] {
    const jobs = this.all<CronJob>('CronJob').map((cronJob) => ({
      ...cronJob,
      spec: cronJob.spec.jobTemplate.spec,
    }));
    return [...WORKLOADS.flatMap((kind) => this.all<Workload>(kind)), ...jobs];
  }

  /** Whether databases and broker run outside the cluster. Operators then provide addresses and secrets. */
  get isManaged(): boolean {
    return this.all('StatefulSet').length === 0;
  }

  selected(selector: Selector): Workload[] {
    return this.workloads.filter((workload) => selects(selector, labelsOf(workload)));
  }

  /** The Service for a host name that pods of this namespace use. */
  service(host: string): Service | undefined {
    const name = host.replace(/\.istio-cb-ns(\.svc(\.cluster\.local)?)?$/, '');
    return this.all<Service>('Service').find(({ metadata }) => metadata.name === name);
  }

  /** The keys and values of a ConfigMap or Secret, in plain text. */
  values(kind: 'ConfigMap' | 'Secret', name: string): Record<string, string> | undefined {
    const object = this.find(kind, name);
    if (object === undefined) return undefined;
    const data = Object.entries(object.data ?? {});
    if (kind === 'ConfigMap') return Object.fromEntries(data);
    return Object.fromEntries(
      data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }
}

export const labelsOf = ({ spec }: Workload): Labels => spec.template.metadata.labels ?? {};

export function containersOf(
  workload: Workload,
): { container: Container; object: string; isInit: boolean }[] {
  const { containers, initContainers = [] } = workload.spec.template.spec;
  return [
    ...initContainers.map((container) => ({ container, isInit: true })),
    ...containers.map((container) => ({ container, isInit: false })),
  ].map((it) => ({ ...it, object: `${nameOf(workload)} container ${it.container.name}` }));
}

/** Whether its pods end by themselves: they have neither probes nor a selector. */
export const isJob = ({ kind }: Workload): boolean => kind === 'Job' || kind === 'CronJob';

/** The number of a container's port, given by number or name. */
export const portOf = ({ ports = [] }: Container, port: number | string): number | undefined =>
  ports.find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort;

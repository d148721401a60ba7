import { containersOf, type Cluster } from '../cluster.ts';
import { nameOf, type Autoscaler } from '../objects.ts';
import type { Complaint } from './check.ts';

// What a service was measured to use while nobody asks it anything; docs/kubernetes.md has the numbers.
const IDLE_MCPU = 35;

/** Autoscalers find what they measure, and come back to one replica when there is nothing to do. */
export function autoscalers(cluster: Cluster): Complaint[] {
  return cluster.all<Autoscaler>('HorizontalPodAutoscaler').flatMap((autoscaler) => {
    const object = nameOf(autoscaler);
    const { kind, name } = autoscaler.spec.scaleTargetRef;
    const target = cluster.workloads.find((each) => nameOf(each) === `${kind}/${name}`);
    if (!target)
      return [{ object, found: `scaleTargetRef ${kind}/${name}`, expected: 'a workload' }];
    const containers = containersOf(target);
    const measured = (autoscaler.spec.metrics ?? []).flatMap(
      ({ containerResource }) => containerResource?.container ?? [],
    );
    return [
      ...containers
        .filter(({ container }) => !container.resources?.requests?.['cpu'])
        .map((each) => ({
          object: each.object,
          found: 'no CPU request',
          expected: `one, which ${object} takes its share of`,
        })),
      ...measured
        .filter((wanted) => containers.every(({ container }) => container.name !== wanted))
        .map((wanted) => ({
          object,
          found: `container ${wanted}`,
          expected: `a container of ${nameOf(target)}`,
        })),
      ...(autoscaler.spec.metrics ?? []).flatMap((metric) => staysUp(containers, metric, object)),
      ...(target.spec.replicas === undefined
        ? []
        : [
            {
              object: nameOf(target),
              found: `replicas ${target.spec.replicas}`,
              expected: `none: applying it again would undo ${object}`,
            },
          ]),
    ];
  });
}

/** Of two replicas one goes only if both use half of the target or less, so idle ones have to. */
function staysUp(
  containers: ReturnType<typeof containersOf>,
  { containerResource }: NonNullable<Autoscaler['spec']['metrics']>[number],
  object: string,
): Complaint[] {
  const share = containerResource?.target?.averageUtilization;
  const measured = containers.find(
    ({ container }) => container.name === containerResource?.container,
  );
  const cpu = measured?.container.resources?.requests?.['cpu'];
  if (share === undefined || cpu === undefined) return [];
  const request = cpu.endsWith('m') ? Number.parseInt(cpu, 10) : Number(cpu) * 1000;
  const idle = Math.floor((100 * IDLE_MCPU) / request); // as the autoscaler computes it
  if (idle * 2 <= share) return [];
  const found = `${share} % of ${cpu}, where ${IDLE_MCPU} mCPU are used while idle: ${idle} %`;
  return [{ object, found, expected: 'at least twice that, or a second replica never goes' }];
}

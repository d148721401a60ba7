import { containersOf, type Cluster } from '../cluster.ts';
import { nameOf, type Autoscaler } from '../objects.ts';
import type { Complaint } from './check.ts';

// Measured CPU use of an idle service; see docs/kubernetes.md.
const IDLE_MCPU = 35;

/** Autoscalers must find what they measure, and return to one replica without load. */
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
          expected: `a CPU request, from which ${object} computes utilization`,
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
              expected: `none: each apply would override ${object}`,
            },
          ]),
    ];
  });
}

/** The second replica is removed only if both use at most half of the target while idle. */
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
  const found = `${share} % of ${cpu}, but an idle replica uses ${IDLE_MCPU} mCPU: ${idle} %`;
  return [{ object, found, expected: 'at least twice that, or a second replica is never removed' }];
}

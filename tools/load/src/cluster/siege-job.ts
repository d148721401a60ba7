import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY, SetupError } from '@equipmgnt/testing';
import { parseAllDocuments } from 'yaml';
import { parseAccessLog, type LoggedRequest } from '../envoy/access-log.ts';
import { parseSiege, type SiegeReport } from '../siege/report.ts';
import { CLASSIC_BODY, siegeArguments, type SiegeRun } from '../siege/siege.ts';
import type { Kubectl } from './kubectl.ts';

const FOLDER = join(REPOSITORY, 'k8s/load');
const STARTED_WITHIN = '--timeout=180s';
// The share of siege's time that passes before the action starts, so that there is load.
const LEAD = 0.1;
// after siege's own time; the same as in the Job
const OVERTIME_SECONDS = 60;

export const APPROVAL: Pick<SiegeRun, 'url' | 'body'> = {
  url: 'http://approval:8080/approvals',
  body: CLASSIC_BODY,
};
export const ORDERS_URL = 'http://gateway:8080/orders';

interface Job {
  kind: string;
  metadata: { name: string };
  spec: {
    suspend: boolean;
    activeDeadlineSeconds: number;
    template: { spec: { containers: [{ command: string[]; args: string[] }] } };
  };
}

export interface SiegeOutcome {
  readonly siege: SiegeReport;
  /** The access log of siege's proxy. */
  readonly requests: readonly LoggedRequest[];
}

/**
 * Runs siege inside the cluster: applies k8s/load with only the named one of its Jobs and with this
 * load, and waits until siege ends. Then it deletes the Job, because the template of a Job is
 * immutable: kubectl apply -k k8s/load would fail.
 */
export async function siegeInCluster(
  kubectl: Kubectl,
  name: 'siege-approval' | 'siege-approval-120s' | 'siege-orders',
  run: Omit<SiegeRun, 'program' | 'signal'>,
): Promise<SiegeOutcome> {
  const objects = parseAllDocuments(await kubectl.run(['kustomize', FOLDER])).map(
    (document) => document.toJS() as Job,
  );
  const items = objects.filter(({ kind, metadata }) => kind !== 'Job' || metadata.name === name);
  const job = items.find(({ kind }) => kind === 'Job');
  if (job === undefined) throw new Error(`k8s/load has no Job ${name}`);
  start(job, run);

  await kubectl.run(['delete', 'job', name, '--ignore-not-found']);
  try {
    await kubectl.apply({ apiVersion: 'v1', kind: 'List', items });
    await started(kubectl, name);
    const log = ['logs', `job/${name}`, '--container'];
    const output = await kubectl.follow([...log, 'siege', '--follow'], run.onLine);
    await kubectl.run(['wait', '--for=condition=Complete', `job/${name}`, '--timeout=60s']);
    const proxy = await kubectl.run([...log, 'istio-proxy']);
    return {
      siege: parseSiege(output),
      requests: proxy.split('\n').flatMap((line) => parseAccessLog(line) ?? []),
    };
  } finally {
    // also after an error, or the next apply fails
    await kubectl.undisturbed.run(['delete', 'job', name, '--ignore-not-found']);
  }
}

async function started(kubectl: Kubectl, name: string): Promise<void> {
  const pods = ['pod', '--selector', `batch.kubernetes.io/job-name=${name}`];
  try {
    // kubectl before 1.33 fails immediately if the selector matches no pod yet
    await kubectl.run(['wait', '--for=jsonpath={.status.active}=1', `job/${name}`, STARTED_WITHIN]);
    await kubectl.run(['wait', '--for=condition=Ready', ...pods, STARTED_WITHIN]);
  } catch (error) {
    const look = 'kubectl -n istio-cb-ns describe pod -l app=siege shows why';
    throw new SetupError(`Siege did not start: ${look}.\n${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Runs siege inside the cluster, and an action after a first period of load alone.
 * @returns the action's value as well
 */
export async function actUnderSiege<T>(
  kubectl: Kubectl,
  run: Parameters<typeof siegeInCluster>[2],
  action: () => Promise<T>,
): Promise<SiegeOutcome & { readonly value: T; readonly seconds: number }> {
  const begun = Promise.withResolvers<void>(); // scheduling and pulling the image take time
  const onLine = (line: string) => {
    begun.resolve();
    run.onLine?.(line);
  };
  const siege = siegeInCluster(kubectl, 'siege-approval-120s', { ...run, onLine });
  siege.catch(begun.reject);
  const runAction = async () => {
    await begun.promise;
    const start = performance.now();
    await Promise.race([sleep(run.seconds * LEAD * 1000), siege]);
    return { value: await action(), seconds: (performance.now() - start) / 1000 };
  };
  const acting = runAction();
  await Promise.allSettled([siege, acting]); // both end before the cluster is restored
  return { ...(await siege), ...(await acting) };
}

function start(job: Job, run: Omit<SiegeRun, 'program' | 'signal'>): void {
  job.spec.suspend = false;
  job.spec.activeDeadlineSeconds += run.seconds; // its value in k8s/load covers the start
  const [container] = job.spec.template.spec.containers;
  container.args = siegeArguments(run);
  container.command = container.command.map((part) =>
    /^\d+$/.test(part) ? String(run.seconds + OVERTIME_SECONDS) : part,
  );
}

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
// Before anything happens, there is to be load: a tenth of the time.
const LEAD = 0.1;
// beyond its own time, as its Job says
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
  /** What the proxy beside siege has logged. */
  readonly requests: readonly LoggedRequest[];
}

/**
 * Lays siege from within the cluster: applies k8s/load, but of its Jobs only the one that is named,
 * with this load, waits for its end, and takes it away: it could not be applied again as it is in
 * k8s/load.
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
    // A Job that stays would make the next apply fail: its template is immutable.
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
 * Runs siege in the cluster, and runs an action after some time of undisturbed load.
 * @returns the result of the action as well
 */
export async function runUnderSiege<T>(
  kubectl: Kubectl,
  run: Parameters<typeof siegeInCluster>[2],
  act: () => Promise<T>,
): Promise<SiegeOutcome & { readonly result: T; readonly seconds: number }> {
  const begun = Promise.withResolvers<void>(); // scheduling and pulling take their time
  const onLine = (line: string) => {
    begun.resolve();
    run.onLine?.(line);
  };
  const siege = siegeInCluster(kubectl, 'siege-approval-120s', { ...run, onLine });
  siege.catch(begun.reject);
  const acting = async () => {
    await begun.promise;
    const start = performance.now();
    await Promise.race([sleep(run.seconds * LEAD * 1000), siege]);
    return { result: await act(), seconds: (performance.now() - start) / 1000 };
  };
  const result = acting();
  await Promise.allSettled([siege, result]); // what has started ends before the cluster is restored
  return { ...(await siege), ...(await result) };
}

function start(job: Job, run: Omit<SiegeRun, 'program' | 'signal'>): void {
  job.spec.suspend = false;
  job.spec.activeDeadlineSeconds += run.seconds; // what it has already is for its start
  const [container] = job.spec.template.spec.containers;
  container.args = siegeArguments(run);
  container.command = container.command.map((part) =>
    /^\d+$/.test(part) ? String(run.seconds + OVERTIME_SECONDS) : part,
  );
}

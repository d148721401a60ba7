import { join } from 'node:path';
import { REPOSITORY, SetupError } from '@equipmgnt/testing';
import { parseAllDocuments } from 'yaml';
import type { SiegeOutcome } from '../environment.ts';
import { parseAccessLog } from '../envoy/access-log.ts';
import { parseSiege } from '../siege/report.ts';
import { OVERTIME_SECONDS, siegeArguments, SiegeHung, type SiegeRun } from '../siege/siege.ts';
import { poll, type Kubectl } from './kubectl.ts';

const FOLDER = join(REPOSITORY, 'k8s/load');
const MESH_FOLDER = join(REPOSITORY, 'istio/load');
const STARTED_WITHIN = '--timeout=180s';
// a proxy beside siege ends after it
const ENDED_WITHIN_MS = 120_000;
// from timeout: it ended siege, or had to kill it
const HUNG = ['124', '137'];

interface Job {
  kind: string;
  metadata: { name: string };
  spec: {
    suspend: boolean;
    activeDeadlineSeconds: number;
    template: { spec: { containers: [{ command: string[]; args: string[] }] } };
  };
  status?: { conditions?: { type: string; status: string; reason?: string }[] };
}

export interface JobOptions {
  readonly run: SiegeRun;
  readonly onLine: (line: string) => void;
  /** Whether siege has a proxy beside it. */
  readonly hasMesh: boolean;
}

/**
 * Runs siege inside the cluster: applies k8s/load with only the named one of its Jobs and with this
 * load, and waits until siege ends. Then it deletes the Job, because the template of a Job is
 * immutable: kubectl apply -k k8s/load would fail.
 * @throws SiegeHung if siege did not end by itself
 */
export async function siegeInCluster(
  kubectl: Kubectl,
  name: 'siege-approval' | 'siege-orders',
  { run, onLine, hasMesh }: JobOptions,
): Promise<SiegeOutcome> {
  const folders = [FOLDER, ...(hasMesh ? [MESH_FOLDER] : [])];
  const texts = await Promise.all(folders.map((folder) => kubectl.run(['kustomize', folder])));
  const items = texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Job))
    .filter(({ kind, metadata }) => kind !== 'Job' || metadata.name === name);
  const job = items.find(({ kind }) => kind === 'Job');
  if (job === undefined) throw new Error(`k8s/load has no Job ${name}`);
  start(job, run);

  await kubectl.run(['delete', 'job', name, '--ignore-not-found']);
  try {
    await kubectl.apply({ apiVersion: 'v1', kind: 'List', items });
    await started(kubectl, name);
    const log = ['logs', `job/${name}`, '--container'];
    const output = await kubectl.follow([...log, 'siege', '--follow'], onLine);
    await ended(kubectl, name);
    const proxy = hasMesh ? await kubectl.run([...log, 'istio-proxy']) : '';
    return {
      siege: parseSiege(output),
      requests: proxy.split('\n').flatMap((line) => parseAccessLog(line) ?? []),
    };
  } finally {
    // also after an error, or the next apply fails
    await kubectl.undisturbed.run(['delete', 'job', name, '--ignore-not-found']);
  }
}

const podsOf = (name: string) => ['pod', '--selector', `batch.kubernetes.io/job-name=${name}`];

async function started(kubectl: Kubectl, name: string): Promise<void> {
  try {
    // kubectl before 1.33 fails immediately if the selector matches no pod yet
    await kubectl.run(['wait', '--for=jsonpath={.status.active}=1', `job/${name}`, STARTED_WITHIN]);
    await kubectl.run(['wait', '--for=condition=Ready', ...podsOf(name), STARTED_WITHIN]);
  } catch (error) {
    const look = 'kubectl -n istio-cb-ns describe pod -l app=siege shows why';
    throw new SetupError(`Siege did not start: ${look}.\n${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Waits until the Job is complete. @throws SiegeHung, or Error with the reason why it failed */
async function ended(kubectl: Kubectl, name: string): Promise<void> {
  const condition = await poll(ENDED_WITHIN_MS, async () =>
    (await kubectl.get<Job>('job', name)).status?.conditions?.find(
      ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
    ),
  );
  if (condition?.type === 'Complete') return;
  if (condition === undefined) throw new Error(`job/${name} did not end after siege`);
  const exitCode =
    '{.items[*].status.containerStatuses[?(@.name=="siege")].state.terminated.exitCode}';
  const code = await kubectl.run(['get', ...podsOf(name), '--output', `jsonpath=${exitCode}`]);
  if (HUNG.includes(code.trim())) throw new SiegeHung();
  throw new Error(`job/${name} failed: ${condition.reason}, exit code ${code.trim() || 'unknown'}`);
}

function start(job: Job, run: SiegeRun): void {
  job.spec.suspend = false;
  job.spec.activeDeadlineSeconds += run.seconds; // its value in k8s/load covers the start
  const [container] = job.spec.template.spec.containers;
  container.args = siegeArguments(run);
  container.command = container.command.map((part) =>
    /^\d+$/.test(part) ? String(run.seconds + OVERTIME_SECONDS) : part,
  );
}

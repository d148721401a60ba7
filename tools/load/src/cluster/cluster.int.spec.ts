import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { parseAllDocuments } from 'yaml';
import { passed } from '../result.ts';
import {
  autoscale,
  breaker,
  noBreaker,
  redeploy,
  type ClusterDemonstration,
} from './demonstrations.ts';
import { ROUTE_TIMEOUT_SECONDS } from './liveness.ts';
import { runInCluster } from './run.ts';

const LOAD_FOLDER = join(REPOSITORY, 'k8s/load');

/** What the stand-in for kubectl prints: the first pattern that matches the call applies. */
type Answers = readonly (readonly [pattern: string, answer: { out?: string; fails?: boolean }])[];

const SIEGE = (successful: number, failed: number, seconds = 0.41) =>
  [
    ...Array<string>(successful).fill(`HTTP/1.1 200     ${seconds} secs:      17 bytes ==> POST /`),
    ...Array<string>(failed).fill('HTTP/1.1 503     0.00 secs:      81 bytes ==> POST /'),
    `Availability:  ${((100 * successful) / (successful + failed)).toFixed(2)} %`,
    'Elapsed time:  120.00 secs',
    `Successful transactions:  ${successful}`,
    `Failed transactions:  ${failed}`,
    'Longest transaction:  0.61',
  ].join('\n');

const DEPLOYMENT = {
  spec: {
    replicas: 1,
    template: {
      spec: {
        containers: [
          {
            name: 'approval',
            resources: { requests: { cpu: '300m' } },
            readinessProbe: { a: 1 },
            startupProbe: { b: 2 },
          },
        ],
      },
    },
  },
  status: { replicas: 1, readyReplicas: 1 },
};

/** The orchestration against a stand-in for kubectl; no cluster is needed or changed. */
describe('In a cluster', () => {
  const path = process.env['PATH'];
  let folder: string;
  let manifests: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    const files = ['access', 'siege-approval', 'siege-approval-120s', 'siege-orders'];
    const texts = files.map((name) => readFile(join(LOAD_FOLDER, `${name}.yaml`), 'utf8'));
    manifests = (await Promise.all(texts)).join('\n---\n');
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  const runIn = async (demonstration: ClusterDemonstration, answers: Answers, seconds = 20) => {
    const usual: Answers = [
      ['kustomize', { out: manifests }],
      ['get deployment approval --output json', { out: JSON.stringify(DEPLOYMENT) }],
      ['logs .*istio-proxy', { out: '' }],
    ];
    const script = `#!${process.execPath}
      const { appendFileSync, readFileSync } = require('node:fs');
      const call = process.argv.slice(2).join(' ');
      appendFileSync(${JSON.stringify(join(folder, 'calls'))}, call + '\\n');
      const applied = /apply --filename (.*\\.json)/.exec(call)?.[1];
      if (applied) appendFileSync(${JSON.stringify(join(folder, 'applied'))}, readFileSync(applied));
      const answers = ${JSON.stringify([...answers, ...usual])};
      const [, { out = '', fails = false } = {}] = answers.find(([p]) => new RegExp(p).test(call)) ?? [];
      (fails ? console.error : console.log)(out);
      console.error('Warning: something that is not part of the answer');
      process.exitCode = fails ? 1 : 0;`;
    await writeFile(join(folder, 'kubectl'), script);
    await chmod(join(folder, 'kubectl'), 0o755);
    await appendFile(join(folder, 'applied'), '');
    const said: string[] = [];
    const outcome = await runInCluster(
      demonstration,
      'demo',
      { users: 20, seconds },
      {
        say: (text) => void said.push(text),
        onSiegeLine: () => undefined,
        signal: new AbortController().signal,
      },
    ).catch((error: Error) => error);
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
    return { outcome, calls, said, applied: await readFile(join(folder, 'applied'), 'utf8') };
  };

  const indexOf = (calls: readonly string[], pattern: RegExp) =>
    calls.findIndex((call) => pattern.test(call));

  it('changes the cluster, runs siege in a Job, and restores the cluster', async () => {
    const { outcome, calls, applied } = await runIn(
      noBreaker,
      [
        ['get destinationrule', { out: 'destinationrule.networking.istio.io/dr-approval' }],
        ['logs job/siege-approval --container siege', { out: SIEGE(3, 0) }],
      ],
      7,
    );
    if (outcome instanceof Error) throw outcome;
    expect(passed(outcome)).toBe(true);
    const here = '--context demo --namespace istio-cb-ns ';
    expect(calls.filter((call) => !call.startsWith(here))).toEqual([]);
    const order = [
      /delete --ignore-not-found --filename .*dr-approval\.yaml/,
      /set env deployment\/approval .* APPROVAL_DELAY_MS=400 APPROVAL_DELAY_JITTER_MS=220/,
      /rollout status/,
      /delete job siege-approval --ignore-not-found/,
      /apply --filename .*\.json/,
      /wait --for=jsonpath=\{\.status\.active\}=1 job\/siege-approval/,
      /logs job\/siege-approval --container siege --follow/,
      /logs job\/siege-approval --container istio-proxy/,
      /set env deployment\/approval .* APPROVAL_DELAY_MS- APPROVAL_DELAY_JITTER_MS-/,
      /apply --filename .*dr-approval\.yaml/,
    ].map((pattern) => indexOf(calls, pattern));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(calls.findLast((call) => call.includes('job'))).toContain('delete job siege-approval');

    const jobs = JSON.parse(applied).items.filter(({ kind }: { kind: string }) => kind === 'Job');
    expect(jobs).toHaveLength(1);
    expect(jobs[0].spec.suspend).toBe(false);
    expect(jobs[0].spec.activeDeadlineSeconds).toBe(907);
    const [{ command, args }] = jobs[0].spec.template.spec.containers;
    expect(command).toContain('67');
    expect(args.slice(0, 2)).toEqual(['-c20', '-t7S']);
  });

  it('failed requests give the result FAIL instead of an error', async () => {
    const { outcome } = await runIn(noBreaker, [
      ['logs job/siege-approval --container siege', { out: SIEGE(3, 1) }],
    ]);
    expect(outcome).not.toBeInstanceOf(Error);
    expect(passed(outcome as Exclude<typeof outcome, Error>)).toBe(false);
  });

  it('reports where to look if siege does not start, and restores the cluster', async () => {
    const { outcome, calls } = await runIn(noBreaker, [
      ['wait --for=condition=Ready', { out: 'timed out waiting for the condition', fails: true }],
    ]);
    expect(String(outcome)).toMatch(/describe pod -l app=siege shows why.*timed out waiting/s);
    expect(calls.findLast((call) => call.includes('set env'))).toContain('APPROVAL_DELAY_MS-');
    // the last call for the Job deletes it, or the next apply fails: field is immutable
    expect(calls.findLast((call) => call.includes('siege-approval'))).toContain('delete job');
  });

  it('reports what it cannot restore', async () => {
    const { said } = await runIn(noBreaker, [
      ['set env .*APPROVAL_DELAY_MS-', { out: 'connection refused', fails: true }],
      ['logs job/siege-approval --container siege', { out: SIEGE(3, 0) }],
    ]);
    expect(said.join('\n')).toMatch(/not restored: kubectl set env.*connection refused/s);
  });

  it('does not begin a redeploy if siege fails, and deletes the Job', async () => {
    const { outcome, calls } = await runIn(redeploy, [
      ['logs job/siege-approval-120s --container siege', { out: 'connection lost', fails: true }],
    ]);
    expect(String(outcome)).toContain('connection lost');
    expect(indexOf(calls, /rollout restart/)).toBe(-1);
    expect(calls.findLast((call) => call.includes('siege-approval-120s'))).toContain('delete job');
  });

  it('sets the share of the autoscaler, and a CPU request that an idle replica is far below', async () => {
    const { outcome, calls } = await runIn(autoscale, [
      ['get hpa approval', { out: JSON.stringify({ spec: { minReplicas: 2, maxReplicas: 3 } }) }],
      ['logs job/siege-approval-120s --container siege', { out: SIEGE(9, 0) }],
    ]);
    if (outcome instanceof Error) throw outcome;
    expect(outcome.filter(({ held }) => !held).map(({ threshold }) => threshold)).toEqual([
      'more under load, up to 10',
    ]);
    const requests = calls.filter((call) => call.includes('patch deployment'));
    expect(requests).toEqual([
      expect.stringContaining('"resources":{"requests":{"cpu":"600m"}}'),
      expect.stringContaining('"resources":{"requests":{"cpu":"300m"}}'),
    ]);
    const autoscalers = calls.filter((call) => call.includes('patch hpa'));
    expect(autoscalers[0]).toMatch(/"minReplicas":1,"maxReplicas":10,.*"averageUtilization":15/);
    expect(autoscalers[1]).toMatch(/"minReplicas":2,"maxReplicas":3,/);
  });

  it('uses the timeout of approval’s route as the limit for a hung request', async () => {
    const file = join(REPOSITORY, 'istio/virtual-services.yaml');
    const routes = parseAllDocuments(await readFile(file, 'utf8')).map((each) => each.toJS());
    const approval = routes.find(({ metadata }) => metadata.name === 'approval');
    const writes = approval.spec.http.find(({ name }: { name: string }) => name === 'writes');
    expect(writes.timeout).toBe(`${ROUTE_TIMEOUT_SECONDS}s`);
  });

  it('fails with the first command in a cluster without the suite', async () => {
    const { outcome, calls } = await runIn(breaker, [
      ['get deployment approval gateway', { out: 'deployments "approval" not found', fails: true }],
    ]);
    expect(String(outcome)).toContain('deployments "approval" not found');
    expect(calls).toHaveLength(1);
  });

  it('compares a redeploy with one without probes, and restores the probes', async () => {
    const siege = { out: SIEGE(9, 1) };
    const answers: Answers = [['logs job/siege-approval-120s --container siege', siege]];
    const { outcome, calls } = await runIn(redeploy, answers, 1);
    if (outcome instanceof Error) throw outcome;
    expect(outcome.filter(({ held }) => !held).map(({ threshold }) => threshold)).toEqual([
      'with the readiness probe no request fails',
    ]);
    const restored = calls.findLastIndex((call) => call.includes('patch deployment'));
    expect(calls.slice(restored).join()).toContain('rollout status');
    const patches = calls.filter((call) => call.includes('patch deployment'));
    expect(patches).toHaveLength(2);
    expect(patches[0]).toContain('"readinessProbe":null,"startupProbe":null');
    expect(patches[1]).toContain('"readinessProbe":{"a":1},"startupProbe":{"b":2}');
    expect(indexOf(calls, /rollout restart/)).toBeLessThan(indexOf(calls, /patch deployment/));
  });
});

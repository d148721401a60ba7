import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { parseAllDocuments } from 'yaml';
import { passed } from '../result.ts';
import { breaker, fallback, liveness, noBreaker, redeploy } from '../demonstrations.ts';
import { autoscale } from './autoscale.ts';
import { ROUTE_TIMEOUT_SECONDS } from './environment.ts';
import { runInCluster } from './run.ts';

const LOAD_FOLDER = join(REPOSITORY, 'k8s/load');
const MESH_FOLDER = join(REPOSITORY, 'istio/load');

interface Answer {
  readonly out?: string;
  readonly fails?: boolean;
  /** How many calls get this answer, by default all. */
  readonly times?: number;
}
/** What the stand-in for kubectl prints: the first pattern that matches the call applies. */
type Answers = readonly (readonly [pattern: string, answer: Answer])[];

const job = (type: 'Complete' | 'Failed') => ({
  out: JSON.stringify({ status: { conditions: [{ type, status: 'True', reason: type }] } }),
});
const WITH_ISTIO: Answers[number] = [
  'get --raw /apis',
  { out: JSON.stringify({ groups: [{ name: 'apps' }, { name: 'networking.istio.io' }] }) },
];
const pod = (name: string, { restarts = 0, ready = true, stops = false } = {}) => ({
  metadata: { name, ...(stops && { deletionTimestamp: '2026-11-26T00:00:00Z' }) },
  status: { containerStatuses: [{ name: 'approval', ready, restartCount: restarts }] },
});

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

async function manifestsOf(from: string): Promise<string> {
  const files = (await readdir(from)).filter((file) => file.endsWith('.yaml'));
  const objects = files.filter((file) => file !== 'kustomization.yaml');
  const texts = objects.map((file) => readFile(join(from, file), 'utf8'));
  return (await Promise.all(texts)).join('\n---\n');
}

/** The orchestration against a stand-in for kubectl; no cluster is needed or changed. */
describe('In a cluster', () => {
  const path = process.env['PATH'];
  let folder: string;
  let manifests: string;
  let meshManifests: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    manifests = await manifestsOf(LOAD_FOLDER);
    meshManifests = await manifestsOf(MESH_FOLDER);
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  const runIn = async (
    demonstration: Parameters<typeof runInCluster>[0],
    answers: Answers,
    seconds = 20,
  ) => {
    const usual: Answers = [
      [`kustomize ${LOAD_FOLDER}`, { out: manifests }],
      [`kustomize ${MESH_FOLDER}`, { out: meshManifests }],
      ['get job', job('Complete')],
      ['get deployment approval --output json', { out: JSON.stringify(DEPLOYMENT) }],
      ['logs .*istio-proxy', { out: '' }],
    ];
    const script = `#!${process.execPath}
      const { appendFileSync, readFileSync } = require('node:fs');
      const call = process.argv.slice(2).join(' ');
      appendFileSync(${JSON.stringify(join(folder, 'calls'))}, call + '\\n');
      if (call.includes('apply --filename -')) {
        appendFileSync(${JSON.stringify(join(folder, 'applied'))}, readFileSync(0));
      }
      const answers = ${JSON.stringify([...answers, ...usual])};
      const before = readFileSync(${JSON.stringify(join(folder, 'calls'))}, 'utf8').trim().split('\\n');
      const [, { out = '', fails = false } = {}] = answers.find(([p, { times = Infinity }]) =>
        new RegExp(p).test(call) && before.filter((one) => new RegExp(p).test(one)).length <= times) ?? [];
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
        WITH_ISTIO,
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
      /apply --filename -/,
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

  it('runs without Istio what needs no mesh', async () => {
    const { outcome, calls, applied } = await runIn(noBreaker, [
      ['destinationrule', { out: "the server doesn't have a resource type", fails: true }],
      ['istio-proxy', { out: 'container istio-proxy is not valid for pod siege', fails: true }],
      ['logs job/siege-approval --container siege', { out: SIEGE(3, 0) }],
    ]);
    if (outcome instanceof Error) throw outcome;
    expect(passed(outcome)).toBe(true);
    expect(calls.filter((call) => /destinationrule|istio-proxy|istio\/load/.test(call))).toEqual(
      [],
    );
    expect(applied).not.toMatch(/"apiVersion":"[a-z.]*istio\.io/);
  });

  it('applies what siege needs in the mesh if there is one', async () => {
    const { applied } = await runIn(noBreaker, [
      WITH_ISTIO,
      ['logs job/siege-approval --container siege', { out: SIEGE(3, 0) }],
    ]);
    expect(applied).toMatch(/"apiVersion":"security\.istio\.io\/v1","kind":"AuthorizationPolicy"/);
    expect(applied).toContain('"kind":"Telemetry"');
  });

  it('says in one sentence that the breaker needs Istio, and changes nothing', async () => {
    const { outcome, calls } = await runIn(breaker, []);
    expect(String(outcome)).toMatch(/needs Istio, which this cluster does not have/);
    expect(calls.filter((call) => /apply|patch|set env|delete/.test(call))).toEqual([]);
  });

  it('starts approval again when the fallback ends early', async () => {
    const { calls } = await runIn(fallback, [
      ['get deployment approval --output jsonpath', { out: '2' }],
      ['port-forward', { out: 'connection refused', fails: true }],
    ]);
    expect(indexOf(calls, /scale deployment\/approval --replicas=0/)).toBeGreaterThan(-1);
    const scaled = calls.findLastIndex((call) => call.includes('scale'));
    expect(calls[scaled]).toContain('--replicas=2');
    expect(calls.slice(scaled).join()).toContain('rollout status');
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
    // a long siege, so that its failure is known before the redeploy is due
    const seconds = 600;
    const answers: Answers = [
      ['get hpa approval', { out: JSON.stringify({ spec: {} }) }],
      ['logs job/siege-approval --container siege', { out: 'connection lost', fails: true }],
    ];
    const { outcome, calls } = await runIn(redeploy, answers, seconds);
    expect(String(outcome)).toContain('connection lost');
    expect(indexOf(calls, /restartedAt/)).toBe(-1);
    expect(calls.findLast((call) => call.includes('siege-approval'))).toContain('delete job');
  });

  it('sets the share of the autoscaler, and a CPU request that an idle replica is far below', async () => {
    const { outcome, calls } = await runIn(autoscale, [
      ['get hpa approval', { out: JSON.stringify({ spec: { minReplicas: 2, maxReplicas: 3 } }) }],
      ['logs job/siege-approval --container siege', { out: SIEGE(9, 0) }],
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
      WITH_ISTIO,
      ['get deployment approval gateway', { out: 'deployments "approval" not found', fails: true }],
    ]);
    expect(String(outcome)).toContain('deployments "approval" not found');
    expect(calls).toHaveLength(1);
  });

  it('compares a redeploy with one without probes, and restores the probes', async () => {
    const answers: Answers = [
      ['get hpa approval', { out: JSON.stringify({ spec: { minReplicas: 1, maxReplicas: 3 } }) }],
      ['logs job/siege-approval --container siege', { out: SIEGE(9, 0), times: 1 }],
      ['logs job/siege-approval --container siege', { out: SIEGE(9_000, 30) }],
    ];
    const { outcome, calls } = await runIn(redeploy, answers, 1);
    if (outcome instanceof Error) throw outcome;
    expect(outcome.filter(({ held }) => !held)).toEqual([]);
    const patches = calls.filter((call) => call.includes('patch deployment'));
    expect(patches).toHaveLength(3);
    expect(patches[0]).toMatch(/restartedAt/);
    expect(patches[0]).not.toMatch(/Probe/);
    expect(patches[1]).toMatch(/restartedAt.*"readinessProbe":null,"startupProbe":null/);
    expect(patches[2]).toContain('"readinessProbe":{"a":1},"startupProbe":{"b":2}');
  });

  it.each([
    ['no-breaker', noBreaker, [] as Answers],
    [
      'autoscale',
      autoscale,
      [['get hpa approval', { out: JSON.stringify({ spec: {} }) }]] as Answers,
    ],
  ])('waits for the rollout after it has restored the cluster: %s', async (_, run, answers) => {
    const { calls } = await runIn(run, [
      ...answers,
      ['logs job/siege-approval --container siege', { out: SIEGE(9, 0) }],
    ]);
    const last = calls.findLastIndex((call) => /patch|set env/.test(call));
    expect(calls.slice(last).join()).toContain('rollout status deployment/approval');
  });

  it('hangs a pod that serves, and no pod of an earlier rollout that stops', async () => {
    const list = (...items: object[]) => ({ out: JSON.stringify({ items }) });
    const old = pod('old', { stops: true });
    const metrics = (count: number) => ({
      out: `http_server_requests_seconds_count{method="POST",uri="/approvals",status="200"} ${count}`,
    });
    const { outcome, calls } = await runIn(
      liveness,
      [
        ['get hpa approval', { out: JSON.stringify({ spec: {} }) }],
        ['get pod --selector app=approval', { ...list(old, pod('a'), pod('b')), times: 2 }],
        ['get pod --selector app=approval', list(pod('a', { restarts: 1 }), pod('b'))],
        ['logs job/siege-approval --container siege', { out: SIEGE(9, 1) }],
        ['exec a .*prometheus', metrics(7)],
        ['exec b .*prometheus', { ...metrics(5), times: 1 }],
        ['exec b .*prometheus', metrics(8)],
      ],
      1,
    );
    if (outcome instanceof Error) throw outcome;
    expect(outcome.filter(({ held }) => !held)).toEqual([]);
    expect(outcome.map(({ found }) => found).join()).toMatch(
      /3 answered, 0 failed.*7 answered since/,
    );
    expect(calls.join('\n')).toMatch(/exec a --container approval .*--eval \nprocess\.kill/);
    expect(calls.filter((call) => call.includes('exec old'))).toEqual([]);
  });

  it('says that siege hung, and runs it once more', async () => {
    const { outcome, calls, said } = await runIn(noBreaker, [
      ['get job', { ...job('Failed'), times: 1 }],
      ['get pod .*exitCode', { out: '124' }],
      ['logs job/siege-approval --container siege', { out: '** SIEGE', times: 1 }],
      ['logs job/siege-approval --container siege', { out: SIEGE(3, 0) }],
    ]);
    if (outcome instanceof Error) throw outcome;
    expect(passed(outcome)).toBe(true);
    expect(said.join('\n')).toContain('siege hung after its time and was ended: it runs once more');
    expect(calls.filter((call) => /apply --filename -/.test(call))).toHaveLength(2);
    expect(calls.findLast((call) => call.includes('job'))).toContain('delete job siege-approval');
  });

  it('reports a siege that failed otherwise, and deletes its Job', async () => {
    const { outcome, calls } = await runIn(noBreaker, [
      ['get job', job('Failed')],
      ['get pod .*exitCode', { out: '69' }],
      ['logs job/siege-approval --container siege', { out: SIEGE(3, 0) }],
    ]);
    expect(String(outcome)).toContain('job/siege-approval failed: Failed, exit code 69');
    expect(calls.findLast((call) => call.includes('job'))).toContain('delete job siege-approval');
  });
});

describe('In a cluster without Istio', () => {
  it('k8s needs no kind of Istio', async () => {
    const files = await readdir(join(REPOSITORY, 'k8s'), { recursive: true });
    const texts = files
      .filter((file) => file.endsWith('.yaml'))
      .map(async (file) => [file, await readFile(join(REPOSITORY, 'k8s', file), 'utf8')] as const);
    const all = await Promise.all(texts);
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter(([, text]) => /^\s*apiVersion: .*istio\.io/m.test(text))).toEqual([]);
  });
});

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { suiteOfCluster } from './running-suite.ts';

/** Uses a fake kubectl; needs no cluster. */
describe('suiteOfCluster', () => {
  const path = process.env['PATH'];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  /** Creates a fake kubectl that records its arguments, reports 3 replicas and can fail. */
  const fakeKubectl = async (failsAt = 'nothing') => {
    const script = `#!/bin/sh
      echo "$*" >> ${folder}/calls
      case "$*" in
        *"${failsAt}"*) echo 'connection refused' >&2; exit 1 ;;
        *" get deployment "*) printf 3 ;;
      esac`;
    await writeFile(join(folder, 'kubectl'), script);
    await chmod(join(folder, 'kubectl'), 0o755);
  };
  const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');

  it('reaches the gateway through a port-forward, or at GATEWAY_URL', () => {
    expect(suiteOfCluster('demo', {}).gateway).toBe('http://127.0.0.1:8080');
    const elsewhere = suiteOfCluster('demo', { GATEWAY_URL: 'http://rental.example' });
    expect(elsewhere.gateway).toBe('http://rental.example');
  });

  it('stops a service by scaling it to 0, and starts it once, with its previous replicas', async () => {
    await fakeKubectl();
    const suite = suiteOfCluster('demo', {});
    await suite.start('approval'); // it is running: no call
    await suite.stop('approval');
    await suite.start('approval');
    await suite.start('approval');
    const here = '--context demo --namespace istio-cb-ns';
    expect(await calls()).toEqual([
      `${here} get deployment approval --output jsonpath={.spec.replicas}`,
      `${here} scale deployment/approval --replicas=0`,
      `${here} wait --for=delete pod --selector app=approval --timeout=120s`,
      `${here} scale deployment/approval --replicas=3`,
      `${here} rollout status deployment/approval --timeout=600s`,
    ]);
  });

  it('starts a service again that did not stop in time', async () => {
    await fakeKubectl('wait --for=delete');
    const suite = suiteOfCluster('demo', {});
    await expect(suite.stop('approval')).rejects.toThrow('connection refused');
    await suite.start('approval');
    expect((await calls()).at(-2)).toContain('scale deployment/approval --replicas=3');
  });

  it('reports that kubectl is missing', async () => {
    process.env['PATH'] = folder;
    await expect(suiteOfCluster('demo', {}).stop('approval')).rejects.toThrow(
      'there is no kubectl on the PATH',
    );
  });
});

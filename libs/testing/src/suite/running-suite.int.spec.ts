import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { suiteOfCluster } from './running-suite.ts';

/** Against a stand-in for kubectl; no cluster is needed, and none is touched. */
describe('The suite in a cluster', () => {
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

  /** Notes what it is told, and answers that there are 3 replicas, or fails at what it is to. */
  const kubectl = async (failsAt = 'nothing') => {
    const script = `#!/bin/sh
      echo "$*" >> ${folder}/told
      case "$*" in
        *"${failsAt}"*) echo 'connection refused' >&2; exit 1 ;;
        *" get deployment "*) printf 3 ;;
      esac`;
    await writeFile(join(folder, 'kubectl'), script);
    await chmod(join(folder, 'kubectl'), 0o755);
  };
  const told = async () => (await readFile(join(folder, 'told'), 'utf8')).trim().split('\n');

  it('is reached where a port-forward is, or the environment says', () => {
    expect(suiteOfCluster('demo', {}).gateway).toBe('http://127.0.0.1:8080');
    const elsewhere = suiteOfCluster('demo', { GATEWAY_URL: 'http://rental.example' });
    expect(elsewhere.gateway).toBe('http://rental.example');
  });

  it('stops a service by scaling it to 0, and starts it with as many as there were, once', async () => {
    await kubectl();
    const suite = suiteOfCluster('demo', {});
    await suite.start('approval'); // which runs
    await suite.stop('approval');
    await suite.start('approval');
    await suite.start('approval');
    const here = '--context demo --namespace istio-cb-ns';
    expect(await told()).toEqual([
      `${here} get deployment approval --output jsonpath={.spec.replicas}`,
      `${here} scale deployment/approval --replicas=0`,
      `${here} wait --for=delete pod --selector app=approval --timeout=120s`,
      `${here} scale deployment/approval --replicas=3`,
      `${here} rollout status deployment/approval --timeout=600s`,
    ]);
  });

  it('starts again what has not stopped in time', async () => {
    await kubectl('wait --for=delete');
    const suite = suiteOfCluster('demo', {});
    await expect(suite.stop('approval')).rejects.toThrow('connection refused');
    await suite.start('approval');
    expect((await told()).at(-2)).toContain('scale deployment/approval --replicas=3');
  });

  it('says so when there is no kubectl', async () => {
    process.env['PATH'] = folder;
    await expect(suiteOfCluster('demo', {}).stop('approval')).rejects.toThrow(
      'there is no kubectl on the PATH',
    );
  });
});

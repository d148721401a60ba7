import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { runBuild, type Outcome } from './build.ts';
import { parseBuildspec } from './buildspec.ts';

const STAND_INS = join(REPOSITORY, 'tools/delivery/pipeline/stand-ins');
const SERVICES = ['gateway', 'order', 'approval', 'equipment', 'mis'];
const IMAGES = [...SERVICES, 'ops'];
const ACCOUNT = {
  AWS_ACCOUNT_ID: '123456789012',
  AWS_DEFAULT_REGION: 'ap-northeast-2',
  EKS_CLUSTER: 'rental',
  CODEBUILD_RESOLVED_SOURCE_VERSION: 'c0ffee',
};
const REGISTRY = '123456789012.dkr.ecr.ap-northeast-2.amazonaws.com';

describe('The pipeline', () => {
  let folder: string;
  let said: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pipeline-test-'));
    await cp(join(REPOSITORY, 'tools/delivery/pipeline'), join(folder, 'tools/delivery/pipeline'), {
      recursive: true,
      filter: (source) => !source.includes('node_modules'),
    });
    said = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const log = () => join(folder, 'calls');
  const calls = async (pattern: RegExp) =>
    (await readFile(log(), 'utf8')).split('\n').filter((line) => pattern.test(line));

  /** Runs buildspec.yml with stand-ins for every program that would reach another machine. */
  const run = async (environment: Record<string, string> = {}): Promise<Outcome> =>
    runBuild(parseBuildspec(await readFile(join(REPOSITORY, 'buildspec.yml'), 'utf8')), {
      folder,
      environment: {
        PATH: [STAND_INS, process.env['PATH']].join(delimiter),
        STAND_IN_LOG: log(),
        ...ACCOUNT,
        ...environment,
      },
      say: (text) => void said.push(text),
    });

  it('tests, pushes six images tagged with the commit, and rolls them out', async () => {
    const outcome = await run();
    expect(outcome.succeeded).toBe(true);
    expect(await calls(/^npm/)).toEqual([
      'npm ci',
      'npm audit --omit=dev --audit-level=high',
      'npm run check',
      'npm test -- --reporters=default --reporters=jest-junit',
      'npm sbom --omit=dev --sbom-format=cyclonedx',
    ]);
    expect(await calls(/^docker push/)).toEqual(
      IMAGES.map((image) => `docker push ${REGISTRY}/equipmgnt-${image}:c0ffee`),
    );
    expect(await calls(/^docker build/)).toContain(
      'docker build --build-arg NODE_IMAGE=node:24-bookworm-slim --build-arg SERVICE=mis ' +
        `--build-arg VERSION=c0ffee --tag ${REGISTRY}/equipmgnt-mis:c0ffee .`,
    );
    expect(await calls(/^kubectl (apply|rollout)/)).toEqual([
      'kubectl apply -k .local/roll-out',
      ...SERVICES.map(
        (service) =>
          `kubectl rollout status deployment/${service} --namespace istio-cb-ns --timeout 300s`,
      ),
    ]);
    expect(outcome.exported).toMatchObject({
      IMAGE_TAG: 'c0ffee',
      ORDER_IMAGE: `${REGISTRY}/equipmgnt-order:c0ffee`,
    });
  });

  it('sets the images of this commit in the overlay', async () => {
    await run();
    const applied = await readFile(`${log()}.kustomization.yaml`, 'utf8');
    expect(applied.split('\n').slice(0, 5)).toEqual([
      'apiVersion: kustomize.config.k8s.io/v1beta1',
      'kind: Kustomization',
      'resources: [../../k8s/overlays/eks]',
      'images:',
      `  - { name: registry.invalid/equipmgnt-gateway, newName: ${REGISTRY}/equipmgnt-gateway, newTag: c0ffee }`,
    ]);
  });

  it('keeps the registry password off command lines', async () => {
    await run();
    expect(await calls(/^docker login/)).toEqual([
      `docker login --username AWS --password-stdin ${REGISTRY}`,
    ]);
    expect(await readFile(`${log()}.password`, 'utf8')).toBe('password\n');
  });

  it('needs no execute bits on its scripts, which a source archive may lose', async () => {
    execFileSync('find', ['tools', '-type', 'f', '-exec', 'chmod', 'a-x', '{}', '+'], {
      cwd: folder,
    });
    expect(await run()).toMatchObject({ succeeded: true, phases: { post_build: true } });
  });

  it.each(['arn:aws:s3:::sources/suite.zip', '-c0ffee', 'c0/ffee', 'c'.repeat(129)])(
    'rejects the image tag %s before it runs a command',
    async (tag) => {
      const outcome = await run({ CODEBUILD_RESOLVED_SOURCE_VERSION: tag });
      expect(outcome).toMatchObject({ succeeded: false, phases: { install: false } });
      expect(existsSync(log())).toBe(false);
    },
  );

  it.each(Object.keys(ACCOUNT))('runs no command without %s', async (name) => {
    const outcome = await run({ [name]: '' });
    expect(outcome).toMatchObject({ succeeded: false, phases: { install: false } });
    expect(existsSync(log())).toBe(false);
  });

  it.each([
    ['npm ci', { install: false }],
    ['docker login', { install: true, pre_build: false }],
    ['npm run check', { install: true, pre_build: true, build: false, post_build: false }],
    ['npm audit', { install: true, pre_build: true, build: false, post_build: false }],
    ['npm test', { install: true, pre_build: true, build: false, post_build: false }],
    ['docker push', { install: true, pre_build: true, build: false, post_build: false }],
  ])('rolls nothing out when %s fails', async (what, phases) => {
    const outcome = await run({ STAND_IN_FAILS: `^${what}` });
    expect(outcome).toMatchObject({ succeeded: false });
    expect(outcome.phases).toEqual(phases);
    expect(await calls(/^kubectl/)).toEqual([]);
  });

  it('pushes no image when one cannot be built', async () => {
    await run({ STAND_IN_FAILS: '^docker build.*SERVICE=mis' });
    expect(await calls(/^docker push/)).toEqual([]);
  });

  it('takes the images that the registry has of this commit, and builds and pushes the others', async () => {
    const outcome = await run({ STAND_IN_PUSHED: 'equipmgnt-(gateway|order):c0ffee' });
    expect(outcome.succeeded).toBe(true);
    const missing = ['approval', 'equipment', 'mis', 'ops'];
    expect(await calls(/^docker build/)).toHaveLength(missing.length);
    expect(await calls(/^docker push/)).toEqual(
      missing.map((service) => `docker push ${REGISTRY}/equipmgnt-${service}:c0ffee`),
    );
    const rolledOut = await readFile(`${log()}.kustomization.yaml`, 'utf8');
    expect(rolledOut.match(/newTag: c0ffee/g)).toHaveLength(IMAGES.length);
  });

  it('builds no image of a commit whose images are all in the registry', async () => {
    expect(await run({ STAND_IN_PUSHED: 'c0ffee' })).toMatchObject({ succeeded: true });
    expect(await calls(/^docker (build|push)/)).toEqual([]);
  });

  it('never mixes images from two bases', async () => {
    const outcome = await run({
      STAND_IN_PUSHED: 'equipmgnt-order:c0ffee',
      STAND_IN_BASE: 'node:24-bookworm-slim@sha256:0ld',
    });
    expect(outcome).toMatchObject({ succeeded: false, phases: { build: false } });
    expect(await calls(/^docker (build|push)|^kubectl/)).toEqual([]);
  });

  it('builds from the base that the project sets', async () => {
    await run({ NODE_IMAGE: 'mirror.example/node:24' });
    const builds = await calls(/^docker build/);
    expect(builds.filter((call) => !call.includes('NODE_IMAGE=mirror.example/node:24 '))).toEqual(
      [],
    );
  });

  it('rolls nothing out after a newer build has, and says so', async () => {
    const outcome = await run({ CODEBUILD_START_TIME: '1000', STAND_IN_STARTED: '1001' });
    expect(outcome).toMatchObject({ succeeded: false, phases: { build: true, post_build: false } });
    expect(await calls(/^kubectl (apply|rollout)/)).toEqual([]);
  });

  it('records which build has rolled out', async () => {
    await run({ CODEBUILD_START_TIME: '1000', STAND_IN_STARTED: '999' });
    const applied = await readFile(`${log()}.kustomization.yaml`, 'utf8');
    expect(applied).toContain('literals: [started=1000, tag=c0ffee]');
  });

  it('does not take back a deployment that has the image of another build', async () => {
    const outcome = await run({
      STAND_IN_FAILS: '^kubectl rollout status',
      STAND_IN_OTHER: 'order',
    });
    expect(outcome.succeeded).toBe(false);
    const undone = await calls(/^kubectl rollout undo/);
    expect(undone).toHaveLength(SERVICES.length - 1);
    expect(undone.join()).not.toContain('/order');
  });

  it('takes nothing back, and fails, when a newer build rolls out while it waits', async () => {
    const overtaken = { CODEBUILD_START_TIME: '1000', STAND_IN_OVERTAKEN: '1001' };
    expect(await run({ ...overtaken, STAND_IN_FAILS: '^kubectl rollout status' })).toMatchObject({
      succeeded: false,
    });
    expect(await calls(/^kubectl rollout undo/)).toEqual([]);
    await rm(log());
    expect(await run(overtaken)).toMatchObject({ succeeded: false });
    expect(await calls(/^kubectl rollout status/)).toHaveLength(SERVICES.length);
  });

  it('rolls all deployments back, waits, and fails when one roll-out fails', async () => {
    const outcome = await run({ STAND_IN_FAILS: '^kubectl rollout status deployment/equipment ' });
    expect(outcome).toMatchObject({ succeeded: false, phases: { build: true, post_build: false } });
    const back = SERVICES.flatMap((service) => [
      `kubectl rollout undo deployment/${service} --namespace istio-cb-ns --to-revision 7`,
      `kubectl rollout status deployment/${service} --namespace istio-cb-ns --timeout 300s`,
    ]);
    expect((await calls(/^kubectl rollout/)).slice(SERVICES.length)).toEqual(back);
  });

  it('rolls back the changed deployments when apply fails', async () => {
    expect(await run({ STAND_IN_FAILS: '^kubectl apply' })).toMatchObject({ succeeded: false });
    expect(await calls(/^kubectl rollout undo/)).toHaveLength(SERVICES.length);
  });

  it('does not roll back a first deployment', async () => {
    await run({ STAND_IN_FAILS: '^kubectl rollout status', STAND_IN_NEW: 'mis' });
    const undone = await calls(/^kubectl rollout undo/);
    expect(undone).toHaveLength(SERVICES.length - 1);
    expect(undone.join()).not.toContain('/mis');
  });
});

describe('A build as CodeBuild runs it', () => {
  const build = async (phases: object, more: object = {}) => {
    const said: string[] = [];
    const spec = parseBuildspec(
      JSON.stringify({ version: 0.2, env: { shell: 'bash' }, phases, ...more }),
    );
    const say = (text: string) => void said.push(text);
    const environment = { PATH: process.env['PATH'] };
    return { ...(await runBuild(spec, { folder: tmpdir(), environment, say })), said };
  };

  it('keeps exported variables and the working directory between commands', async () => {
    const { succeeded } = await build({
      install: { commands: ["export A='x y'", 'cd /'] },
      build: { commands: ['[ "$A" = "x y" ]', '[ "$PWD" = / ]'] },
    });
    expect(succeeded).toBe(true);
  });

  it('ends a phase at the first failure, then runs its finally commands', async () => {
    const { said } = await build({
      build: { commands: ['exit 3', 'echo never'], finally: ['true'] },
    });
    expect(said).toEqual(['── build', '$ exit 3', 'exit code 3', '$ true']);
  });

  it('reports a failed build to post_build, and skips post_build after ABORT', async () => {
    const post_build = { commands: ['[ "$CODEBUILD_BUILD_SUCCEEDING" = 0 ]'] };
    const failing = { commands: ['false'] };
    const continued = await build({ build: failing, post_build });
    expect(continued).toMatchObject({ succeeded: false, phases: { post_build: true } });
    const aborted = await build({ build: { ...failing, 'on-failure': 'ABORT' }, post_build });
    expect(aborted.phases).toEqual({ build: false });
  });

  it('fails when a report is missing', async () => {
    const reports = { tests: { files: ['none.xml'], 'file-format': 'JUNITXML' } };
    const { succeeded, missing } = await build({ build: { commands: ['true'] } }, { reports });
    expect([succeeded, missing]).toEqual([false, ['none.xml']]);
  });

  it.each([
    [{ version: 0.2, env: { shell: 'bash' }, phases: { biuld: { commands: ['true'] } } }],
    [{ version: 0.1, env: { shell: 'bash' }, phases: { build: { commands: ['true'] } } }],
    [{ version: 0.2, env: { shell: 'bash' }, phases: { build: { command: ['true'] } } }],
  ])('refuses %j', (text) => {
    expect(() => parseBuildspec(JSON.stringify(text))).toThrow();
  });
});

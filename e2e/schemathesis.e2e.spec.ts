import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadedOnce, LOCAL, REPOSITORY, run } from '@equipmgnt/testing';
import { Api, runSuite, TestIssuer, type TokenClaims } from '@equipmgnt/testing/jest';

const REQUIREMENTS = join(REPOSITORY, 'e2e/schemathesis/requirements.txt');
const PROGRAM = join(REPOSITORY, 'e2e/schemathesis/st.py');
const PEOPLE: Readonly<Record<string, TokenClaims>> = {
  employee: { sub: 'employee-1', roles: ['employee'] },
  manager: { sub: 'manager-1', roles: ['manager'] },
  operator: { sub: 'operator-1', roles: ['operator'] },
};
/**
 * Not these: positive_data_acceptance, because a JSON schema cannot say which texts have a visible character
 * or which cursor belongs to which order; unsupported_method, because the server knows no TRACE and QUERY.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'allow_header_conformance',
  'use_after_free',
  'ensure_resource_availability',
  'ignored_auth',
];
const FEWEST_CASES = 5_000;
/** Characters of a report in the message of a failed test. */
const SHOWN = 10_000;

/** Installs it below .local, once for each version. @returns the folder of the packages */
async function install(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  const version = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  return downloadedOnce(join(LOCAL, `schemathesis-${version}`), async (folder) => {
    const flags = ['--quiet', '--disable-pip-version-check', '--no-warn-script-location'];
    const args = ['-m', 'pip', 'install', ...flags, '--target', folder, '-r', REQUIREMENTS];
    await run('python3', args, { cwd: REPOSITORY });
    return folder;
  });
}

describe('Schemathesis, with the OpenAPI document of the gateway', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let issuer: TestIssuer;
  let optional: Api;
  let packages: string;
  let cases = 0;

  beforeAll(async () => {
    packages = await install();
    issuer = await TestIssuer.start();
    const everywhere = (AUTH: string) => {
      const env = { ...issuer.environment, AUTH };
      return { env: { gateway: env, order: env, approval: env, equipment: env, mis: env } };
    };
    running = await runSuite(everywhere('required'));
    optional = new Api((await running.start(everywhere('optional'))).gateway[0].url);
  }, 600_000);
  afterAll(async () => {
    await running?.stop();
    await issuer?.stop();
  });

  /** Prints the failures, each with a command that repeats it. */
  async function test(api: Api, seed: number, claims?: TokenClaims): Promise<string> {
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const token = claims && (await issuer.token({ ...claims, exp }));
    const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
    const options = [
      '--seed',
      String(seed),
      '--max-examples',
      '70',
      '--no-color',
      '--warnings',
      'off',
      '--workers',
      '2',
    ];
    const checks = ['--checks', CHECKS.join(','), '--continue-on-failure'];
    const args = ['run', `${api.url}/openapi.json`, ...options, ...checks, ...header];
    const env = { ...process.env, PYTHONPATH: packages };
    const report = await run('python3', [PROGRAM, ...args], { cwd: LOCAL, env }).catch(
      (error: Error) => error.message,
    );
    cases += Number(/(\d+) generated/.exec(report)?.[1] ?? 0);
    const failures = report.indexOf('= FAILURES =');
    return (failures < 0 ? report : report.slice(failures)).slice(0, SHOWN);
  }

  it.each(Object.entries(PEOPLE))(
    'finds nothing as %s, where sign-in is required',
    async (role, claims) => {
      const seed = 1 + Object.keys(PEOPLE).indexOf(role);
      expect(await test(running.api, seed, claims)).toMatch(/No issues found/);
    },
    600_000,
  );

  it('finds nothing without a token, where sign-in is optional', async () => {
    expect(await test(optional, 4)).toMatch(/No issues found/);
  }, 600_000);

  it('has sent enough requests', () => {
    console.log(`${cases} cases`);
    expect(cases).toBeGreaterThan(FEWEST_CASES);
  });
});

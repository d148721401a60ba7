import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadedOnce, LOCAL } from '@equipmgnt/testing';
import { CannotCheck } from '../build.ts';
import type { Complaint } from '../checks/check.ts';
import type { Finding } from '../finding.ts';
import type { KubernetesObject } from '../objects.ts';

const execute = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, '../requirements.txt');

/** The version that the manifests are written for. */
const KUBERNETES = '1.34';

/**
 * Validates Kubernetes objects strictly with kubernetes-validate, which is installed on first use. An
 * unknown field is an error.
 * @param groups objects by the cluster name that their findings show
 * @throws CannotCheck if Python is missing or the package cannot be downloaded
 */
export async function validateKubernetes(
  groups: ReadonlyMap<string, readonly KubernetesObject[]>,
): Promise<Finding[]> {
  const packages = await install();
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  try {
    const names = [...groups.keys()];
    const files = names.map((_, index) => join(folder, `${index}.yaml`));
    for (const [index, file] of files.entries()) {
      // JSON is valid YAML
      const documents = groups.get(names[index]!)!.map((object) => JSON.stringify(object));
      await writeFile(file, documents.join('\n---\n'));
    }
    const flags = ['--strict', '--quiet', '--kubernetes-version', KUBERNETES];
    const output = await python(['-m', 'kubernetes_validate', ...flags, ...files], packages);
    const lines = output.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const index = files.findIndex((file) => line.includes(` ${file} `));
      return { cluster: names[index] ?? '', ...complaintOf(line.replace(` ${files[index]}`, '')) };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** ERROR did not validate for resource service/order against version 1.34: spec.ports.0: … */
function complaintOf(line: string): Complaint {
  const [, object, found] =
    /^ERROR did not validate for resource (\S+) against version \S+: (.*)$/.exec(line) ?? [];
  return {
    object: object ?? 'an object',
    found: found ?? line,
    expected: `what Kubernetes ${KUBERNETES} knows`,
  };
}

/** Installs the pinned packages into the git-ignored folder. */
async function install(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  const version = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  return downloadedOnce(join(LOCAL, `kubernetes-validate-${version}`), async (folder) => {
    const flags = ['--quiet', '--disable-pip-version-check', '--no-warn-script-location'];
    await python(['-m', 'pip', 'install', ...flags, '--target', folder, '-r', REQUIREMENTS]);
    return folder;
  });
}

/** Runs Python and returns its output. Exit code 1 with output means that it found errors. */
async function python(args: string[], packages?: string): Promise<string> {
  const env = { ...process.env, ...(packages && { PYTHONPATH: packages }) };
  try {
    return (await execute('python3', args, { env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown } & Record<string, string>;
    if (code === 1 && packages && stdout !== '') return stdout;
    throw new CannotCheck(
      code === 'ENOENT'
        ? 'Python is needed for kubernetes-validate, but there is no python3 on PATH: ' +
            'Debian, Ubuntu: sudo apt-get install python3 python3-pip'
        : `kubernetes-validate cannot be installed or run by python3 and its pip:\n${stderr}${stdout}`,
    );
  }
}

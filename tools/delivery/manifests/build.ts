import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { Cluster } from './cluster.ts';
import { REPOSITORY } from './code.ts';
import type { KubernetesObject } from './objects.ts';

const execute = promisify(execFile);
const OVERLAYS = 'k8s/overlays/';

/** A file of ours, or a program of this machine, that nothing can be checked with. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
}

/**
 * Every overlay, each with all that is applied beside it: the mesh's configuration and the load
 * demonstrations. A new folder with a kustomization is among them by itself.
 */
export async function buildClusters(): Promise<Cluster[]> {
  const folders = await kustomizations();
  const built = new Map<string, KubernetesObject[]>();
  for (const folder of folders) built.set(folder, await build(folder));
  const beside = folders.filter((folder) => /^(istio|k8s\/load)(\/|$)/.test(folder));
  return folders
    .filter((folder) => folder.startsWith(OVERLAYS))
    .map((overlay) => {
      const objects = built.get(overlay)!;
      const name = overlay.slice(OVERLAYS.length);
      // what concerns databases and broker is of use where they are
      const { isManaged } = new Cluster(name, objects);
      const more = beside.filter((folder) => !(isManaged && folder === 'istio/infra'));
      return new Cluster(name, [...objects, ...more.flatMap((folder) => built.get(folder)!)]);
    });
}

/** Everything that is applied by itself. */
async function kustomizations(): Promise<string[]> {
  const found: string[] = [];
  for (const root of ['k8s/overlays', 'k8s/load', 'istio']) {
    const files = await readdir(join(REPOSITORY, root), { recursive: true }).catch(() => []);
    for (const file of files.filter((path) => /(^|\/)kustomization\.yaml$/.test(path))) {
      found.push(join(root, dirname(file)));
    }
  }
  return found.sort();
}

async function build(folder: string): Promise<KubernetesObject[]> {
  try {
    const { stdout } = await execute('kubectl', ['kustomize', folder], {
      cwd: REPOSITORY,
      maxBuffer: 2 ** 26,
    });
    return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') {
      throw new CannotCheck(
        'kubectl is needed to build the manifests, but there is none on PATH: ' +
          'https://kubernetes.io/docs/tasks/tools',
      );
    }
    throw new CannotCheck(`${folder} cannot be built:\n${stderr ?? (error as Error).message}`);
  }
}

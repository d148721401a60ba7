import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '@equipmgnt/testing';
import { parseAllDocuments } from 'yaml';
import { Cluster } from './cluster.ts';
import type { KubernetesObject } from './objects.ts';

const execute = promisify(execFile);
const OVERLAYS = 'k8s/overlays/';

/** The check cannot run: a file cannot be built, or a program is missing. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
}

/**
 * Builds every overlay together with what is applied beside it: the mesh's configuration and the load
 * demonstrations. New folders with a kustomization are found automatically.
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
      // istio/infra applies only where databases and broker run in the cluster, and istio/sign-in only where
      // sign-in is required
      const { isManaged } = new Cluster(name, objects);
      const more = beside.filter(
        (folder) => folder !== (isManaged ? 'istio/infra' : 'istio/sign-in'),
      );
      return new Cluster(name, [...objects, ...more.flatMap((folder) => built.get(folder)!)]);
    });
}

/** Every folder that is applied on its own. */
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

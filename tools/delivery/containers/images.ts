import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { expectEqual, type Checklist } from './checklist.ts';
import { docker, inspect, TAG } from './docker.ts';

export const SERVICES = ['order', 'approval', 'equipment', 'mis', 'gateway'] as const;
export const IMAGES = [...SERVICES, 'ops', 'issuer'] as const;

/** The most that an image may add to Node's image: its production packages and its own build. */
const MAX_ADDED_MB = 100;
/** How many entries are shown of a list that should be empty. */
const SHOWN = 5;

export const imageOf = (service: string): string => `equipmgnt-${service}:${TAG}`;

interface Image {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Cmd: readonly string[];
    readonly Entrypoint: readonly string[] | null;
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck?: unknown;
  };
}

export async function checkImages(list: Checklist): Promise<void> {
  const development = await developmentPackages();
  for (const service of IMAGES) {
    await list.check(`image of ${service}: user, command, labels, size`, async () => {
      const { Size, Config } = await inspect<Image>('image', imageOf(service));
      expectEqual('user', Config.User, '1000:1000');
      expectEqual('command', Config.Cmd.slice(0, 1), ['node']);
      expectEqual('title', Config.Labels['org.opencontainers.image.title'], `equipmgnt-${service}`);
      expectEqual('version', Config.Labels['org.opencontainers.image.version'], TAG);
      expectEqual('VERSION in the environment', Config.Env.includes(`VERSION=${TAG}`), true);
      expectEqual('health check', Config.Healthcheck !== undefined, true);
      const [kibibytes] = (await inside(imageOf(service), 'du', '--summarize', '.')).split('\t');
      const added = Math.round((Number(kibibytes) * 1024) / 1e6);
      const figure = `${Math.round(Size / 1e6)} MB, ${added} MB of them in /app`;
      if (added > MAX_ADDED_MB) throw new Error(`${figure}; expected at most ${MAX_ADDED_MB} MB`);
      return figure;
    });
    await list.check(
      `image of ${service}: content, and no file that its user can change`,
      async () => {
        const { packages, sources, writable } = await contentOf(imageOf(service));
        const unwanted = packages.filter((path) => development.has(path));
        expectEqual('development packages', unwanted.slice(0, SHOWN), []);
        expectEqual(
          'services',
          sources.filter((f) => !f.startsWith('libs/')),
          [folderOf(service)],
        );
        expectEqual('files that its user can change', writable, []);
        return `${packages.length} packages`;
      },
    );
  }
  await list.check('an unknown service is rejected by name', async () => {
    const build = docker('build', '--build-arg', 'SERVICE=ordre', '.').then(
      () => 'the build succeeded',
      (error: Error) => error.message,
    );
    const said = /SERVICE is '\w*', expected one of:( \w+)+/.exec(await build)?.[0];
    expectEqual('message', said?.split(':')[0], "SERVICE is 'ordre', expected one of");
    return said;
  });
}

const folderOf = (service: string): string =>
  ({ gateway: 'gateway', ops: 'tools/ops', issuer: 'tools/issuer' })[service] ??
  `services/${service}`;

/** The development-only packages of package-lock.json, by their folders in node_modules. */
export async function developmentPackages(): Promise<Set<string>> {
  const lock = JSON.parse(await readFile(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return new Set(Object.keys(lock.packages).filter((path) => lock.packages[path]?.dev));
}

interface Content {
  /** Folders of packages, in the format of package-lock.json. */
  readonly packages: readonly string[];
  /** Folders of the packages of this repository. */
  readonly sources: readonly string[];
  readonly writable: readonly string[];
}

async function contentOf(image: string): Promise<Content> {
  const manifests = await inside(image, 'find', '.', '-name', 'package.json');
  const folders = manifests.split('\n').map((path) => path.slice(2, -'/package.json'.length));
  const writable = await inside(image, 'find', '.', '!', '-type', 'l', '-writable');
  return {
    packages: folders.filter((path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/@]+$/.test(path)),
    sources: folders.filter((path) => !path.includes('node_modules')),
    writable: writable.split('\n').filter((path) => path !== ''),
  };
}

const inside = (image: string, ...command: string[]): Promise<string> =>
  docker('run', '--rm', '--network=none', image, ...command);

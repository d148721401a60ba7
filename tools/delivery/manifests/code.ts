import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');

const SERVICES = ['order', 'approval', 'equipment', 'mis'] as const;

export interface GatewayRoute {
  readonly service: string;
  readonly url: string;
  /** Path prefixes of the gateway, each with the one that it becomes at the service. */
  readonly prefixes: Readonly<Record<string, string>>;
}

/** What the manifests have to agree with in the services' code. */
export interface Code {
  /** By service, what its environment has to be. */
  readonly environments: Readonly<Record<string, z.ZodObject>>;
  readonly routesOf: (environment: Record<string, string>) => GatewayRoute[];
  /** By service, the paths of its controllers. */
  readonly controllers: Readonly<Record<string, readonly string[]>>;
  readonly actuatorPaths: readonly string[];
}

/** Reads it from the build's output, and the controllers' paths from their sources. */
export async function readCode(): Promise<Code> {
  const gateway = join(REPOSITORY, 'gateway/dist');
  const environments: Record<string, z.ZodObject> = {
    gateway: (await import(join(gateway, 'gateway.config.js'))).gatewayConfig,
  };
  const controllers: Record<string, string[]> = {};
  for (const service of SERVICES) {
    const folder = join(REPOSITORY, 'services', service);
    const config = await import(join(folder, `dist/${service}.config.js`));
    environments[service] = config[`${service}Config`];
    const http = join(folder, 'src/inbound/http');
    const files = (await readdir(http)).filter((file) => file.endsWith('.controller.ts'));
    const sources = await Promise.all(files.map((file) => readFile(join(http, file), 'utf8')));
    controllers[service] = sources.flatMap((source) => pathsIn(source, 'Controller'));
  }
  const { routesOf } = await import(join(gateway, 'routes.js'));
  const actuator = await readFile(join(REPOSITORY, 'libs/http/src/actuator.controller.ts'), 'utf8');
  const [root] = pathsIn(actuator, 'Controller');
  return {
    environments,
    routesOf,
    controllers,
    actuatorPaths: pathsIn(actuator, 'Get').map((path) => `${root}${path}`),
  };
}

/** The paths in a decorator's parentheses, each with a slash before it. */
const pathsIn = (source: string, decorator: string): string[] =>
  [...source.matchAll(new RegExp(`^\\s*@${decorator}\\('([^']+)'\\)`, 'gm'))].map(
    ([, path]) => `/${path}`,
  );

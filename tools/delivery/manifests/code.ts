import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import type { z } from 'zod';

const SERVICES = ['order', 'approval', 'equipment', 'mis'] as const;

export interface GatewayRoute {
  readonly service: string;
  readonly url: string;
  /** Path prefixes at the gateway, each mapped to the prefix at the service. */
  readonly prefixes: Readonly<Record<string, string>>;
}

/** The parts of the services' code that the manifests must match. */
export interface Code {
  /** The schema of each service's environment. */
  readonly environments: Readonly<Record<string, z.ZodObject>>;
  readonly routesOf: (environment: Record<string, string>) => GatewayRoute[];
  /** The paths of each service's controllers. */
  readonly controllers: Readonly<Record<string, readonly string[]>>;
  readonly actuatorPaths: readonly string[];
}

/** Reads schemas and routes from the build's output, and the controllers' paths from the sources. */
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
  const actuator = await readFile(join(REPOSITORY, 'libs/http/src/actuator.ts'), 'utf8');
  return {
    environments,
    routesOf,
    controllers,
    actuatorPaths: [...actuator.matchAll(/server\.get\('([^']+)'/g)].map(([, path]) =>
      String(path),
    ),
  };
}

/** The paths in a decorator's parentheses, each with a slash before it. */
const pathsIn = (source: string, decorator: string): string[] =>
  [...source.matchAll(new RegExp(`^\\s*@${decorator}\\('([^']+)'\\)`, 'gm'))].map(
    ([, path]) => `/${path}`,
  );

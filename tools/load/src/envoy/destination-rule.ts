import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY, SetupError } from '@equipmgnt/testing';
import { parse } from 'yaml';

export const DR_APPROVAL = join(REPOSITORY, 'istio/circuit-breaker/dr-approval.yaml');

/** The circuit breaker numbers of a DestinationRule. A number that it does not set is undefined. */
export interface BreakerRule {
  readonly maxConnections?: number;
  readonly http1MaxPendingRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly consecutive5xxErrors?: number;
  /** Durations as Istio writes them, such as 1s. */
  readonly interval?: string;
  readonly baseEjectionTime?: string;
  readonly maxEjectionPercent?: number;
}

const SECTIONS: Readonly<Record<string, readonly (keyof BreakerRule)[]>> = {
  'connectionPool.tcp': ['maxConnections'],
  'connectionPool.http': ['http1MaxPendingRequests', 'maxRequestsPerConnection', 'maxRetries'],
  outlierDetection: ['consecutive5xxErrors', 'interval', 'baseEjectionTime', 'maxEjectionPercent'],
};

export const readBreakerRule = async (file = DR_APPROVAL): Promise<BreakerRule> =>
  breakerRuleOf(await readFile(file, 'utf8'), file);

/**
 * @param name of the file, for messages
 * @throws SetupError if it is not a DestinationRule or has a field that we do not support: the
 * demonstration would not test an ignored number.
 */
export function breakerRuleOf(text: string, name: string): BreakerRule {
  const object = parse(text) as { kind?: string; spec?: { trafficPolicy?: object } } | null;
  if (object?.kind !== 'DestinationRule') {
    throw new SetupError(`${name}: expected a DestinationRule, got ${object?.kind ?? 'nothing'}`);
  }
  const rule: Record<string, unknown> = {};
  for (const [path, value] of leavesOf(object.spec?.trafficPolicy ?? {})) {
    const [section, field] = splitAtLastDot(path);
    if (!SECTIONS[section]?.some((known) => known === field)) {
      throw new SetupError(`${name}: trafficPolicy.${path} is not supported here`);
    }
    rule[field] = value;
  }
  return rule;
}

function leavesOf(value: object, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null
      ? leavesOf(inner, `${prefix}${name}.`)
      : [[prefix + name, inner] as [string, unknown]],
  );
}

const splitAtLastDot = (path: string): [string, string] => {
  const dot = path.lastIndexOf('.');
  return [path.slice(0, Math.max(0, dot)), path.slice(dot + 1)];
};

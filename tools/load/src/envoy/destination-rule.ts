import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY, SetupError } from '@equipmgnt/testing';
import { parse } from 'yaml';
import { z } from 'zod';

export const DR_APPROVAL = join(REPOSITORY, 'istio/circuit-breaker/dr-approval.yaml');

const count = z.number().optional();
const duration = z.string().optional(); // as Istio writes it, such as 1s
const tcp = z.strictObject({ maxConnections: count });
const http = z.strictObject({
  http1MaxPendingRequests: count,
  maxRequestsPerConnection: count,
  maxRetries: count,
});
const outlierDetection = z.strictObject({
  consecutive5xxErrors: count,
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: count,
});
const connectionPool = z.strictObject({ tcp: tcp.default({}), http: http.default({}) });
const destinationRule = z.object({
  kind: z.literal('DestinationRule'),
  spec: z.object({
    trafficPolicy: z.strictObject({
      connectionPool: connectionPool.prefault({}),
      outlierDetection: outlierDetection.default({}),
    }),
  }),
});

/** The circuit breaker numbers of a DestinationRule. A number that it does not set is undefined. */
export type BreakerRule = z.infer<typeof tcp & typeof http & typeof outlierDetection>;

export const readBreakerRule = async (file = DR_APPROVAL): Promise<BreakerRule> =>
  breakerRuleOf(await readFile(file, 'utf8'), file);

/**
 * @param name of the file, for messages
 * @throws SetupError if it is not a DestinationRule or has a field that we do not support: the
 * demonstration would not test an ignored number.
 */
export function breakerRuleOf(text: string, name: string): BreakerRule {
  const { data, error } = destinationRule.safeParse(parse(text));
  if (error) throw new SetupError(`${name}: ${z.prettifyError(error)}`);
  const { connectionPool: pool, outlierDetection: detection } = data.spec.trafficPolicy;
  return { ...pool.tcp, ...pool.http, ...detection };
}

import { env, processConfig } from '@equipmgnt/runtime';
import type { z } from 'zod';

const service = env.url('http', 'https');

export const gatewayConfig = processConfig.extend({
  // The only thing that differs between a laptop and a cluster is where the services are.
  ORDER_URL: service,
  APPROVAL_URL: service,
  EQUIPMENT_URL: service,
  MIS_URL: service,
  /** More than the four services together may have, so that two that hang leave room for the rest. */
  MAX_IN_FLIGHT: env.whole(1, 1_000_000, 1_100),
  /** A service that does not answer within this is a 504. */
  UPSTREAM_TIMEOUT_MS: env.whole(100, 600_000, 10_000),
  /** Requests to one service at once; those beyond are a 503, and harm no other service. */
  UPSTREAM_MAX_IN_FLIGHT: env.whole(1, 100_000, 256),
});

export type GatewayConfig = z.infer<typeof gatewayConfig>;

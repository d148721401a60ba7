import { env, processConfig } from '@equipmgnt/runtime';
import { z } from 'zod';

const service = env.url('http', 'https');

export const gatewayConfig = processConfig.extend({
  // Only these addresses differ between a laptop and a cluster.
  ORDER_URL: service,
  APPROVAL_URL: service,
  EQUIPMENT_URL: service,
  MIS_URL: service,
  /** More than the four services may have together, so that services that hang leave room for others. */
  MAX_IN_FLIGHT: env.whole(1, 1_000_000, 1_100),
  /** The port of health with details and of metrics; clients must not reach it. */
  MANAGEMENT_PORT: env.whole(0, 65_535, 9080),
  /** Concurrent requests of one client address: about half, so that one client leaves room for others. */
  MAX_IN_FLIGHT_PER_CLIENT: env.whole(1, 1_000_000, 512),
  /** How long a service may take to answer; after that the gateway answers 504. */
  UPSTREAM_TIMEOUT_MS: env.whole(100, 600_000, 10_000),
  /** Concurrent requests to one service; more are answered 503, without effect on other services. */
  UPSTREAM_MAX_IN_FLIGHT: env.whole(1, 100_000, 256),
  /** Requests of one requester, or of one address without a token, in a minute; 0 for no limit. */
  RATE_LIMIT_PER_MINUTE: env.whole(0, 1_000_000, 0),
  /** The origins whose web pages may use the API, separated by commas. */
  CORS_ORIGINS: env.origins(),
  /** The client of the issuer for sign-in with a browser. Without it there is no such sign-in. */
  AUTH_CLIENT_ID: z.string().optional(),
  /** Of a confidential client; a public one has none. */
  AUTH_CLIENT_SECRET: z.string().optional(),
  /** What a browser's sign-in asks for; some issuers need the API's own scope for its audience. */
  AUTH_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/, 'expected words with openid among them')
    .default('openid profile'),
  /** Encrypt the sessions of browsers. The first one is used for new ones, and all of them are accepted. */
  SESSION_SECRETS: env.secrets(32),
});

export type GatewayConfig = z.infer<typeof gatewayConfig>;

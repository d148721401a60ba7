import { compile } from '@fastify/proxy-addr';
import { z } from 'zod';

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `expected a whole number from ${min} to ${max}`);

function isAddress(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol.slice(0, -1))) return false;
  return !/^https?:$/.test(url.protocol) || url.href === `${url.origin}/`;
}

/** Whether Fastify, which uses the same library, can make sense of it. */
function namesProxies(text: string): boolean {
  try {
    compile(text.split(',').map((entry) => entry.trim()));
    return true;
  } catch {
    return false;
  }
}

/** Building blocks for configuration read from environment variables, which are always strings. */
export const env = {
  /** A whole number in a range; with a unit in the variable's name (`…_MS`) where it has one. */
  whole: (min: number, max: number, fallback: number) =>
    whole(min, max).default(fallback) as z.ZodType<number, string | undefined>,
  /** A switch, `true` or `false`. */
  flag: (fallback: boolean) =>
    z
      .enum(['true', 'false'], { error: 'expected true or false' })
      .transform((text) => text === 'true')
      .default(fallback),
  /**
   * An address of one of the given protocols. One of http or https is that of a whole server, such
   * as `http://approval:8080`: without a path, query or credentials.
   */
  url: (...protocols: string[]) =>
    z
      .string({ error: `expected an address such as ${protocols[0]}://host:1234` })
      .refine(
        (text) => isAddress(text, protocols),
        `expected an address such as ${protocols[0]}://host:1234`,
      ),
  /** Addresses such as `kafka-0:9092,kafka-1:9092`: at least one, each with its port. */
  addresses: (example: string) =>
    z
      .string({ error: `expected host:port[,host:port] such as ${example}` })
      .transform((text) => text.split(',').map((entry) => entry.trim()))
      .refine(
        (entries) => entries.every((entry) => /^[\w.-]+:\d{1,5}$/.test(entry)),
        `expected host:port[,host:port] such as ${example}`,
      ),
};

/** What every process of the suite is configured with. */
export const processConfig = z.object({
  /** Where it listens. */
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: env.whole(0, 65_535, 8080),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /**
   * Whose `X-Forwarded-*` are believed: addresses, subnets or the names loopback, linklocal and
   * uniquelocal. The default is the neighbourhood: this machine and private networks.
   */
  TRUSTED_PROXIES: z
    .string()
    .refine(
      namesProxies,
      'expected addresses, subnets, loopback, linklocal or uniquelocal, separated by commas',
    )
    .default('loopback,linklocal,uniquelocal'),
  /** Requests in hand at once; those beyond are answered 503 at once. */
  MAX_IN_FLIGHT: env.whole(1, 1_000_000, 500),
  /** Mean delay of the event loop over a second, above which requests are answered 503. */
  MAX_EVENT_LOOP_DELAY_MS: env.whole(1, 60_000, 500),
  /**
   * How long, when stopping, connections that clients keep open are served on: longer than a client
   * leaves one unused and still takes it again ({@link REUSE_WITHIN_MS} in this suite). A connection
   * that is closed under a request on its way costs that request.
   */
  CONNECTION_DRAIN_MS: env.whole(0, 60_000, 4_000),
  /** How long stopping may take before the process ends itself; below the orchestrator's grace. */
  SHUTDOWN_TIMEOUT_MS: env.whole(100, 600_000, 20_000),
  /** Shown by /actuator/info. */
  VERSION: z.string().default('development'),
});

export type ProcessConfig = z.infer<typeof processConfig>;

/** The configuration is wrong. The message has a line for each bad variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the environment by a schema. An empty variable counts as not set.
 * @throws ConfigError naming every bad variable, what was expected and what was found. Values of
 * variables that may hold a secret (passwords, and addresses with one) are not repeated.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  environment: Record<string, string | undefined> = process.env,
): z.infer<S> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const found = !(name in given)
      ? 'it is not set'
      : /URL|PASSWORD/.test(name)
        ? ''
        : `got "${given[name]}"`;
    return `${name}: ${issue.message}${found === '' ? '' : `, ${found}`}`;
  });
  throw new ConfigError(lines.join('\n'));
}

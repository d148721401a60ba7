import { isIP } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import { z } from 'zod';

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `expected a whole number from ${min} to ${max}`);

/** Entries separated by commas; none by default. */
const list = () =>
  z
    .string()
    .default('')
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .transform((entries) => entries.filter((entry) => entry !== ''));

function isAddress(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol.slice(0, -1))) return false;
  return !/^https?:$/.test(url.protocol) || url.href === `${url.origin}/`;
}

/** Whether Fastify, which uses the same library, accepts the value. */
function isProxyList(text: string): boolean {
  try {
    compile(text.split(',').map((entry) => entry.trim()));
    return true;
  } catch {
    return false;
  }
}

/** Schemas for environment variables, which are always strings. */
export const env = {
  /** A whole number in a range. If it has a unit, the variable's name ends with it (`…_MS`). */
  whole: (min: number, max: number, fallback: number) =>
    whole(min, max).default(fallback) as z.ZodType<number, string | undefined>,
  /** A switch, `true` or `false`. */
  flag: (fallback: boolean) =>
    z
      .enum(['true', 'false'], { error: 'expected true or false' })
      .transform((text) => text === 'true')
      .default(fallback),
  /**
   * A URL of one of the given protocols. An http or https URL addresses a whole server, such as
   * `http://approval:8080`: it has no path, query or credentials.
   */
  url: (...protocols: string[]) =>
    z
      .string({ error: `expected an address such as ${protocols[0]}://host:1234` })
      .refine(
        (text) => isAddress(text, protocols),
        `expected an address such as ${protocols[0]}://host:1234`,
      ),
  /** The http or https URL of a server or of a path on it, without a slash at its end. */
  publicUrl: () =>
    z
      .string()
      .refine(
        (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !/[?#@]/.test(text),
        'expected an address such as https://host/path',
      )
      .transform((text) => URL.parse(text)?.href.replace(/\/+$/, '') ?? text),
  /** The http or https URL of an issuer or of its keys, exactly as in its tokens. */
  issuer: () =>
    z
      .string()
      .refine(
        (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !/[#@]/.test(text),
        'expected an address such as https://issuer.example/realms/rental',
      ),
  /** A name or an address to listen on; IPv6 also in brackets, as in a URL. */
  host: () =>
    z
      .string()
      .trim()
      .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
      .refine(
        (text) => isIP(text) !== 0 || /^(?=.*[a-z])[a-z\d]([\w.-]*[a-z\d])?$/i.test(text),
        'expected a name or an address such as 127.0.0.1 or ::1, without a port',
      ),
  /** Names or addresses of hosts, separated by commas; in lower case, as URLs have them. */
  hosts: () =>
    list()
      .transform((entries) => entries.map((entry) => entry.toLowerCase()))
      .refine(
        (entries) => entries.every((entry) => URL.parse(`http://${entry}`)?.host === entry),
        'expected hosts without ports such as rental.example, separated by commas',
      ),
  /** Origins of web pages, separated by commas. */
  origins: () =>
    list().refine(
      (entries) => entries.every((entry) => URL.parse(entry)?.origin === entry),
      'expected origins such as https://rental.example, separated by commas',
    ),
  /** Secrets, separated by commas, each with at least so many characters. */
  secrets: (min: number) =>
    list().refine(
      (entries) => entries.every((entry) => entry.length >= min),
      `expected secrets of at least ${min} characters, separated by commas`,
    ),
  /** Addresses such as `kafka-0:9092,[::1]:9092`: at least one, each with its port. */
  addresses: (example: string) =>
    z
      .string({ error: `expected host:port[,host:port] such as ${example}` })
      .transform((text) => text.split(',').map((entry) => entry.trim()))
      .refine(
        (entries) => entries.every((entry) => /^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i.test(entry)),
        `expected host:port[,host:port] such as ${example}`,
      ),
};

/** The variables of every service. */
export const processConfig = z.object({
  /** The address that the service listens on. */
  HOST: env.host().default('0.0.0.0'),
  PORT: env.whole(0, 65_535, 8080),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /**
   * The proxies whose `X-Forwarded-*` are used: addresses, subnets or the names loopback, linklocal and
   * uniquelocal. The default is this machine and private networks.
   */
  TRUSTED_PROXIES: z
    .string()
    .refine(
      isProxyList,
      'expected addresses, subnets, loopback, linklocal or uniquelocal, separated by commas',
    )
    .default('loopback,linklocal,uniquelocal'),
  /** The address at which clients reach the suite; all links start with it. It may have a path. */
  PUBLIC_URL: env.publicUrl().optional(),
  /** Hosts, without ports, that links may contain besides those of this machine. */
  ALLOWED_HOSTS: env.hosts(),
  /** The most concurrent requests; further ones are answered 503 immediately. */
  MAX_IN_FLIGHT: env.whole(1, 1_000_000, 500),
  /** Requests are answered 503 above this mean delay of the event loop, measured over a second. */
  MAX_EVENT_LOOP_DELAY_MS: env.whole(1, 60_000, 500),
  /**
   * How long keep-alive connections are served while the process stops. Longer than a client leaves a
   * connection idle before it sends another request ({@link REUSE_WITHIN_MS} in this suite): a request
   * on its way to a closed connection is lost.
   */
  CONNECTION_DRAIN_MS: env.whole(0, 60_000, 4_000),
  /** The longest time for stopping before the process exits; below the orchestrator's grace period. */
  SHUTDOWN_TIMEOUT_MS: env.whole(100, 600_000, 20_000),
  /** The value `production` makes sign-in required by default. */
  NODE_ENV: z.string().optional(),
  /**
   * Whether every request needs a token. Optional: a request without one may do everything. The default
   * is `required` in production, else `optional`.
   */
  AUTH: z.enum(['required', 'optional'], { error: 'expected required or optional' }).optional(),
  /** The issuer of the tokens: the value of their `iss`, and the server with its OpenID configuration. */
  AUTH_ISSUER: env.issuer().optional(),
  /** The `aud` of the tokens for this suite. */
  AUTH_AUDIENCE: z.string().optional(),
  /** The claim with the roles; `a.b` is the member b of the claim a, unless a claim has that name. */
  AUTH_ROLES_CLAIM: z.string().default('roles'),
  /** The issuer's keys, if they must not be looked up in its OpenID configuration. */
  AUTH_JWKS_URL: env.issuer().optional(),
  /** Shown by /actuator/info. */
  VERSION: z.string().default('development'),
});

export type ProcessConfig = z.infer<typeof processConfig>;

/** The configuration is invalid. The message has a line for each bad variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the environment by a schema. An empty variable counts as not set.
 * @throws ConfigError that names every bad variable, the expected value and the actual one. It does not
 * show values that may contain a secret: passwords, and URLs with a password.
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
      : /URL|PASSWORD|SECRET/.test(name)
        ? ''
        : `got "${given[name]}"`;
    return `${name}: ${issue.message}${found === '' ? '' : `, ${found}`}`;
  });
  throw new ConfigError(lines.join('\n'));
}

/** One request in an Envoy's access log. */
export interface LoggedRequest {
  readonly status: number;
  /** Envoy's response flags: UO refused by the breaker, UF no connection, UC connection lost. */
  readonly flags: string;
  /** The length of the answer's body. */
  readonly bytes: number;
  readonly ms: number;
  /** Whether the answer said x-envoy-overloaded: true; Istio's default format does not contain it. */
  readonly overloaded: boolean;
  /** host:port that the request went to, where it went anywhere. */
  readonly upstream: string | undefined;
}

// In Istio's format, of what is in quotes after the duration: x-forwarded-for, user agent, request
// id, authority, upstream.
const ISTIOS_UPSTREAM = /^ \S+(?: "[^"]*"){4} "([^"]*)"/;

const LINE =
  /^\[[^\]]+\] "[^"]*" (?<status>\d+) (?<flags>\S+) .*?"[^"]*" \d+ (?<bytes>\d+) (?<ms>\d+)(?<rest>.*)$/;

/** Reads a line in Istio's default format, or the one used here; undefined for any other line. */
export function parseAccessLog(line: string): LoggedRequest | undefined {
  const { status, flags, bytes, ms, rest } = LINE.exec(line)?.groups ?? {};
  if (status === undefined || flags === undefined || rest === undefined) return undefined;
  const upstream = (/ upstream=(\S+)/.exec(rest) ?? ISTIOS_UPSTREAM.exec(rest))?.[1];
  return {
    status: Number(status),
    flags,
    bytes: Number(bytes),
    ms: Number(ms),
    overloaded: / overloaded=true( |$)/.test(rest),
    upstream: upstream === '-' ? undefined : upstream,
  };
}

/** How many requests one upstream has answered since it last failed one; none if it never did. */
export function answeredSinceFailure(requests: readonly LoggedRequest[], upstream: string): number {
  const own = requests.filter((request) => request.upstream === upstream);
  const failure = own.findLastIndex(({ status }) => status >= 500);
  return failure === -1 ? 0 : own.length - 1 - failure;
}

/** The circuit breaker's flag: "upstream overflow". */
export const refusedByBreaker = ({ flags }: LoggedRequest): boolean =>
  flags.split(',').includes('UO');

// "upstream connect error or disconnect/reset before headers. reset reason: overflow"
const OVERFLOW_BYTES = 81;

/**
 * Refused by the proxy at the other end, where Istio applies the same limits, and passed on: known by
 * Envoy's words, as there is no flag of it at this end.
 */
export const refusedAtOtherEnd = ({ status, flags, bytes }: LoggedRequest): boolean =>
  status === 503 && flags === '-' && bytes === OVERFLOW_BYTES;

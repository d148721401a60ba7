/** One request in an Envoy's access log. */
export interface LoggedRequest {
  readonly status: number;
  /** Envoy's response flags: UO is a refusal by the breaker, UF no connection, UC a lost connection. */
  readonly flags: string;
  /** The length of the response body. */
  readonly bytes: number;
  readonly ms: number;
  /** Whether the response had x-envoy-overloaded: true. Istio's default format does not log it. */
  readonly overloaded: boolean;
  /** host:port that received the request, or undefined if none did or in Istio's format. */
  readonly upstream: string | undefined;
}

const LINE =
  /^\[[^\]]+\] "[^"]*" (?<status>\d+) (?<flags>\S+) .*?"[^"]*" \d+ (?<bytes>\d+) (?<ms>\d+)(?<rest>.*)$/;

/**
 * Parses a line in Istio's default format or in the format of bootstrap.ts.
 * @returns undefined for any other line
 */
export function parseAccessLog(line: string): LoggedRequest | undefined {
  const { status, flags, bytes, ms, rest } = LINE.exec(line)?.groups ?? {};
  if (status === undefined || flags === undefined || rest === undefined) return undefined;
  const upstream = / upstream=(\S+)/.exec(rest)?.[1];
  return {
    status: Number(status),
    flags,
    bytes: Number(bytes),
    ms: Number(ms),
    overloaded: / overloaded=true( |$)/.test(rest),
    upstream: upstream === '-' ? undefined : upstream,
  };
}

/** The circuit breaker's flag: "upstream overflow". */
export const refusedByBreaker = ({ flags }: LoggedRequest): boolean =>
  flags.split(',').includes('UO');

// "upstream connect error or disconnect/reset before headers. reset reason: overflow"
const OVERFLOW_BYTES = 81;

/**
 * Whether the server's proxy refused the request: Istio applies the same limits there. The client's
 * proxy passes that answer on without a flag, so the length of Envoy's message identifies it.
 */
export const refusedAtOtherEnd = ({ status, flags, bytes }: LoggedRequest): boolean =>
  status === 503 && flags === '-' && bytes === OVERFLOW_BYTES;

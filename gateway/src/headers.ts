import type { IncomingHttpHeaders } from 'node:http';

/** Headers of one connection, and `Expect`, which the gateway answers itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers that a proxy forwards: all except those of one connection, which are well-known or
 * listed in `Connection` (RFC 9110, 7.6.1).
 */
export function endToEnd<H extends IncomingHttpHeaders>(headers: H): H {
  const named = new Set(
    [headers.connection ?? []]
      .flat()
      .join()
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)),
  ) as H;
}

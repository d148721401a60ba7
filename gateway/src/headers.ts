import type { IncomingHttpHeaders } from 'node:http';

/** What concerns one connection, or the expectation of who sends a body; the gateway settles it. */
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
 * The headers that go through a proxy: all but those of one connection, which are known by name or
 * named by `Connection` (RFC 9110, 7.6.1).
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

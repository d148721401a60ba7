/**
 * Why the gateway must not forward a path, or undefined if it may. Routing decodes a path, and URL
 * parsers resolve dots and treat `\` as `/`. If the gateway and a service understand a path
 * differently, a client could reach paths of the service that the gateway does not expose.
 */
export function faultOf(path: string, prefix: string): string | undefined {
  if (path !== prefix && !path.startsWith(`${prefix}/`)) {
    return `The path must start with exactly ${prefix}.`;
  }
  const decoded = decode(path);
  if (decoded === undefined) return 'The path contains an invalid percent-encoding.';
  if (decoded.includes('\\')) return 'The path must not contain a backslash.';
  // The proxy library refuses every segment that starts or ends with two dots.
  if (decoded.split('/').some((segment) => /^\.$|^\.\.|\.\.$/.test(segment))) {
    return 'The path must not contain a segment such as . or .. (dots).';
  }
  return undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

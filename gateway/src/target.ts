/**
 * Why a path of the gateway is passed on to no service, or nothing if it may be. Routing decodes a
 * path, and URL parsers resolve its dots and take `\` for `/`; what means something else to the
 * gateway than to a service could leave the paths that the service is meant to answer.
 */
export function faultOf(path: string, prefix: string): string | undefined {
  if (path !== prefix && !path.startsWith(`${prefix}/`)) {
    return `The path has to begin with ${prefix}, spelt just so.`;
  }
  const decoded = decode(path);
  if (decoded === undefined) return 'The path has a % that does not encode anything.';
  if (decoded.includes('\\')) return 'The path has a backslash in it.';
  // the proxy library refuses more than whole segments of dots
  if (decoded.split('/').some((segment) => /^\.$|^\.\.|\.\.$/.test(segment))) {
    return 'The path has a segment of dots in it.';
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

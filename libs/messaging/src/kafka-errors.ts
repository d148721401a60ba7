/** An error and its causes, the outermost first. */
function* chainOf(error: unknown): Generator<{ name?: unknown; type?: unknown; cause?: unknown }> {
  for (let each = error; typeof each === 'object' && each !== null;) {
    yield each;
    each = (each as { cause?: unknown }).cause;
  }
}

/** The name of the protocol error that a broker answered, such as MESSAGE_TOO_LARGE. */
export function typeOf(error: unknown): string | undefined {
  for (const { type } of chainOf(error)) if (typeof type === 'string') return type;
  return undefined;
}

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

/** Errors of the code here or in the client library, mostly because of what a message contains. */
const FAULTS = new Set([
  'KafkaJSInvariantViolation',
  'KafkaJSNotImplemented',
  'KafkaJSPartialMessageError',
  'KafkaJSUnsupportedMagicByteInMessageSet',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
]);

/**
 * Whether a broker does not answer or refuses, as opposed to a fault in the code or in a message. The
 * client library throws many different errors for it, such as a plain "Broker not connected", so it is
 * everything that is not a known fault.
 */
export function isBrokerProblem(error: unknown): boolean {
  for (const { name } of chainOf(error)) {
    if (typeof name === 'string' && FAULTS.has(name)) return false;
  }
  return true;
}

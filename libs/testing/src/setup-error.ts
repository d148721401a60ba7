/**
 * An error that the user can fix: a missing program, an invalid setting, a process that does not
 * start. The message is complete, and is printed without a stack trace.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** The message of a thrown value. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

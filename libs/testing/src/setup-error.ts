/**
 * Something that a person can put right: what a machine lacks, a bad setting, a process that does
 * not start. The message tells all there is to know; it is printed without a stack trace.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

import type { Logger } from '@nestjs/common';

const PROBLEMS = {
  connect: ['the database is unavailable', 'the database is available again'],
  limit: ['the database refuses further connections', 'the database accepts connections again'],
  write: ['the database accepts no writes', 'the database accepts writes again'],
  schema: ['the schema is older than this version, waiting', 'the schema is up to date'],
} as const;

/** Logs when the state of a database changes, not for each request that notices it. */
export class Availability {
  /** The reasons that were logged since the problem began. */
  private readonly reasons = new Map<keyof typeof PROBLEMS, Set<string>>();

  /** @param logger none, when another one logs the same */
  constructor(private readonly logger?: Logger) {}

  failed(problem: keyof typeof PROBLEMS, reason: string): void {
    const known = this.reasons.get(problem) ?? new Set();
    if (known.has(reason)) return;
    this.reasons.set(problem, known.add(reason));
    this.logger?.warn(`${PROBLEMS[problem][0]}: ${reason}`);
  }

  /** A single failure, which says nothing about the next statement. */
  warn(message: string): void {
    this.logger?.warn(message);
  }

  works(problem: keyof typeof PROBLEMS): void {
    if (this.reasons.delete(problem)) this.logger?.log(PROBLEMS[problem][1]);
  }
}

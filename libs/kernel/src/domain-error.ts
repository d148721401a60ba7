/**
 * What kind of refusal it is. The HTTP edge maps it to a status (`missing` 404, `conflict` 409,
 * `unprocessable` 422); the domain knows no HTTP.
 */
export type ErrorKind = 'missing' | 'conflict' | 'unprocessable';

/**
 * A refusal in the domain's own words: the request was understood and the answer is no.
 * `code` is stable and part of the public contract (the last segment of the problem's `type`).
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: ErrorKind;
  readonly code: string;

  constructor(kind: ErrorKind, code: string, message: string) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

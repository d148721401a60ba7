/**
 * The kind of a rejection. The HTTP edge maps it to a status (`missing` 404, `conflict` 409,
 * `unprocessable` 422); the domain knows no HTTP.
 */
export type ErrorKind = 'missing' | 'conflict' | 'unprocessable';

/**
 * The domain rejects a valid request, such as a forbidden status transition.
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

/** A view does not show the item yet, but may do so soon: a client should repeat the request. */
export class NotYet extends DomainError {
  /** @param behind how many items the view may lack, up to this one */
  constructor(
    code: string,
    message: string,
    readonly behind: number,
  ) {
    super('missing', code, message);
  }
}

/**
 * The item that was looked up.
 * @param kind of the item; part of the code, `no-such-order`
 * @throws DomainError missing, when there is none
 */
export function existing<T>(item: T | undefined, kind: string, id: number): T {
  if (item !== undefined) return item;
  throw new DomainError('missing', `no-such-${kind}`, `There is no ${kind} ${id}.`);
}

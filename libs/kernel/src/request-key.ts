import { DomainError } from './domain-error.ts';

/** A client's `Idempotency-Key` with the fingerprint of the request that it belongs to. */
export interface RequestKey {
  readonly key: string;
  /** Equal for requests that want the same. */
  readonly fingerprint: string;
}

/** The fingerprint of a request: every field with its value, sorted by name. */
export const fingerprintOf = (request: object): string =>
  Object.entries(request)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((field) => JSON.stringify(field))
    .join('/');

/**
 * @param used the fingerprint of the first request with this key
 * @throws DomainError unprocessable, when that was another request
 */
export function requireSameRequest({ fingerprint }: RequestKey, used: string): void {
  if (fingerprint === used) return;
  throw new DomainError(
    'unprocessable',
    'idempotency-key-reused',
    'This Idempotency-Key belongs to another request; use a new key for a new request.',
  );
}

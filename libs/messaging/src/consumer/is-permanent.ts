import { isDataError } from '@equipmgnt/database';
import { DomainError } from '@equipmgnt/kernel';

/**
 * Whether an event can never be handled: the domain or a constraint rejects its data, or the handler's
 * code fails on it. Any other error counts as an outage and is retried, since that loses nothing.
 */
export function isPermanent(error: unknown): boolean {
  return (
    error instanceof DomainError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    isDataError(error)
  );
}

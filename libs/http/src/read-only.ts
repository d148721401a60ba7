import { isDeepStrictEqual } from 'node:util';
import type { Hal } from './hal.ts';
import { InvalidInput } from './problem.ts';
import { pointerTo, shown } from './validation.ts';

/**
 * Accepts members of a resource that a client sends back as it has received them, in a PATCH with the
 * whole resource. Links are not compared, because they depend on the client's address.
 * @throws InvalidInput for each member that differs, or that the resource does not have
 */
export function refuseReadOnlyChanges(sent: Record<string, unknown>, current: Hal<object>): void {
  const members = new Map(Object.entries(current));
  const errors = Object.entries(sent)
    .filter(([name, value]) => name !== '_links' && !isSame(value, members.get(name)))
    .map(([name, value]) => ({
      in: 'body' as const,
      pointer: pointerTo([name]),
      detail: members.has(name)
        ? `read-only; expected ${shown(members.get(name))}, got ${shown(value)}`
        : `unknown field, or one that this resource does not have now; got ${shown(value)}`,
    }));
  if (errors.length > 0) throw new InvalidInput(errors);
}

/** Clients may write the same time or number in another way, and null for a member that is absent. */
function isSame(sent: unknown, current: unknown): boolean {
  if (current instanceof Date) {
    return typeof sent === 'string' && Date.parse(sent) === current.getTime();
  }
  if (typeof current === 'number') return sent === current || sent === String(current);
  return isDeepStrictEqual(sent ?? undefined, current);
}

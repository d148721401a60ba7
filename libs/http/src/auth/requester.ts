import { includesRole, type Requester } from '@equipmgnt/contracts';
import { InvalidInput } from '../problem.ts';
import { oneOf } from '../validation.ts';
import type { Principal } from './token-verifier.ts';

/** The query parameter `requester`: `me` selects the orders of the client itself. */
export const requesterFilter = oneOf(['me']).exactOptional();

/** Who places an order, if the client has signed in. */
export const requesterOf = (principal: Principal | undefined): Requester | undefined =>
  principal && { id: principal.id, name: principal.name };

/**
 * Whose orders a client may see: an employee only the own ones.
 * @returns the id of the requester, or nothing for all orders
 */
export const onlyOwn = (principal: Principal | undefined): string | undefined =>
  principal && !includesRole(principal.roles, 'manager') ? principal.id : undefined;

/**
 * Whose orders a list has: those that the client may see, or only the own ones if it asks for them.
 * @throws InvalidInput when a client that has not signed in asks for its own
 */
export function ownedBy(
  principal: Principal | undefined,
  filter: 'me' | undefined,
): string | undefined {
  if (filter === undefined) return onlyOwn(principal);
  if (principal) return principal.id;
  const detail = 'me needs a token, got a request without one';
  throw new InvalidInput([{ in: 'query', pointer: '#/requester', detail }]);
}

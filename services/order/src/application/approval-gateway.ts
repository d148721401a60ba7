import type { ApprovalAnswer } from '@equipmgnt/contracts';
import type { Order } from '../domain/order.ts';

/** The approval service, asked directly. */
export abstract class Approvals {
  /**
   * Asks for an order's approval; asking again for the same order is safe. Answers in bounded time.
   * @returns nothing when approval is down, slow or overloaded: the approval then comes by event,
   * or has been given already and only its answer was lost
   */
  abstract request(order: Order): Promise<ApprovalAnswer | undefined>;
}

import type { ApprovalAnswer } from '@equipmgnt/contracts';
import type { Order } from '../domain/order.ts';

/** The approval service, called over HTTP. */
export abstract class ApprovalGateway {
  /**
   * Requests the approval of an order. A repeated request for the same order is safe. Answers in
   * bounded time.
   * @returns nothing when approval is down, slow or overloaded. Approval may have handled the request
   * all the same. In either case ApprovalObtained follows.
   */
  abstract request(order: Order): Promise<ApprovalAnswer | undefined>;
}

/** The steps of an order that depend on clients and the network; the rest depends on the stock. */
export const orderPaths = {
  /** Approved and lent, or rejected if the stock is too small. */
  simple: 'obtain decreaseStock rejectApproval rejectOrder',
  cancelled: 'obtain decreaseStock rejectApproval rejectOrder cancel cancelApproval increaseStock',
  cancelledWhileWaiting: 'cancel cancelApproval obtain increaseStock',
  cancelledBeforeDecrease:
    'obtain cancel cancelApproval decreaseStock rejectApproval increaseStock',
  cancelledBeforeRejection:
    'obtain decreaseStock cancel rejectApproval cancelApproval increaseStock',
  /** Before the order, a client requested an approval of one unit more for the order's id. */
  requestedForOtherUnits: 'request confirm decreaseStock rejectApproval rejectOrder',
  refused: '',
} as const;

export type PathName = keyof typeof orderPaths;

export interface OrderPlan {
  readonly path: PathName;
  readonly equipmentId: number;
  readonly qty: number;
  /** Requests without an answer before the acknowledgement. */
  readonly unknown: number;
  /** Whether each of its events is on the topics twice. */
  readonly repeated: boolean;
  readonly poisoned: boolean;
}

/** How an order goes, as far as clients and the network decide it; the stock decides the rest. */
export const courses = {
  /** Approved and handed out, or rejected where the stock is too small. */
  simple: ['obtain', 'handOut', 'rejectApproval', 'rejectOrder'],
  cancelled: [
    'obtain',
    'handOut',
    'rejectApproval',
    'rejectOrder',
    'cancel',
    'cancelApproval',
    'takeBack',
  ],
  cancelledWhileWaiting: ['cancel', 'cancelApproval', 'obtain', 'takeBack'],
  cancelledBeforeHandOut: [
    'obtain',
    'cancel',
    'cancelApproval',
    'handOut',
    'rejectApproval',
    'takeBack',
  ],
  cancelledBeforeRejection: [
    'obtain',
    'handOut',
    'cancel',
    'rejectApproval',
    'cancelApproval',
    'takeBack',
  ],
  /** Before the order, a client requested an approval of one unit more for the order's id. */
  requestedForOtherUnits: ['request', 'confirm', 'handOut', 'rejectApproval', 'rejectOrder'],
  refused: [],
} as const satisfies Record<string, readonly Step[]>;

export type Course = keyof typeof courses;

type Step =
  | 'obtain'
  | 'request'
  | 'confirm'
  | 'handOut'
  | 'rejectApproval'
  | 'rejectOrder'
  | 'cancel'
  | 'cancelApproval'
  | 'takeBack';

export interface Wish {
  readonly course: Course;
  readonly equipmentId: number;
  readonly qty: number;
  /** How often its first request got no answer. */
  readonly unknown: number;
  /** Whether its events are on the topics twice. */
  readonly repeated: boolean;
  readonly poisoned: boolean;
}

import type { Rental, RentalEvent, RentalStatus } from '../../domain/rental.ts';

/** Where the time of each event is kept. */
export const timeColumns = {
  'equipmgnt.Ordered.v1': 'ordered_at',
  'equipmgnt.OrderCancelled.v1': 'cancelled_at',
  'equipmgnt.OrderRejected.v1': 'order_rejected_at',
  'equipmgnt.ApprovalObtained.v1': 'approved_at',
  'equipmgnt.ApprovalRejected.v1': 'approval_rejected_at',
  'equipmgnt.CancelRequested.v1': 'approval_cancelled_at',
  'equipmgnt.StockDecreased.v1': 'stock_decreased_at',
  'equipmgnt.StockIncreased.v1': 'stock_increased_at',
  'equipmgnt.StockRejected.v1': 'stock_rejected_at',
} as const satisfies Record<RentalEvent, string>;

/** What may be sorted by, and its column. */
export const sortColumns: Record<string, string> = {
  id: 'order_id',
  equipmentId: 'equipment_id',
  qty: 'qty',
  status: 'status',
  orderedAt: 'ordered_at',
};

type Times = Record<(typeof timeColumns)[RentalEvent], Date | null>;

export interface RentalRow extends Times {
  order_id: number;
  equipment_id: number;
  equipment_name: string | null;
  qty: number;
  approval_id: number | null;
  reason: string | null;
  status: RentalStatus;
}

export function toRental(row: RentalRow): Rental {
  const timeline = Object.entries(timeColumns)
    .flatMap(([type, column]) => {
      const at = row[column];
      return at === null ? [] : [{ event: type.split('.')[1] ?? type, at }];
    })
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  return {
    orderId: row.order_id,
    equipmentId: row.equipment_id,
    ...(row.equipment_name !== null && { equipmentName: row.equipment_name }),
    qty: row.qty,
    status: row.status,
    ...(row.approval_id !== null && { approvalId: row.approval_id }),
    ...(row.status === 'REJECTED' && row.reason !== null && { reason: row.reason }),
    timeline,
  };
}

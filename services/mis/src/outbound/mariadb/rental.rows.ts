import type { OrderDetails } from '@equipmgnt/contracts';
import {
  column,
  Columns,
  nullable,
  type Column,
  type ColumnOfEach,
  type RowOf,
} from '@equipmgnt/database';
import {
  rentalEvents,
  type RegisteredEquipment,
  type Rental,
  type RentalEvent,
  type RentalFact,
  type RentalStatus,
} from '../../domain/rental.ts';
import { inCausalOrder } from '../../domain/timeline.ts';

/** The field with the time of each event. */
const timeFields = {
  'equipmgnt.Ordered.v1': 'orderedAt',
  'equipmgnt.OrderCancelled.v1': 'cancelledAt',
  'equipmgnt.OrderRejected.v1': 'orderRejectedAt',
  'equipmgnt.ApprovalObtained.v1': 'approvedAt',
  'equipmgnt.ApprovalRejected.v1': 'approvalRejectedAt',
  'equipmgnt.CancelRequested.v1': 'approvalCancelledAt',
  'equipmgnt.StockDecreased.v1': 'stockDecreasedAt',
  'equipmgnt.StockIncreased.v1': 'stockIncreasedAt',
  'equipmgnt.StockRejected.v1': 'stockRejectedAt',
} as const satisfies Record<RentalEvent, string>;

type TimeField = (typeof timeFields)[RentalEvent];

const timeColumns = Object.fromEntries(
  Object.values(timeFields).map((field) => [field, nullable(column.datetime())]),
) as Record<TimeField, Column<Date | null>>;

/** What Ordered says about an order. A row that is shown has them: see {@link Rentals.find}. */
const detailColumns = new Columns({
  equipmentId: column.bigint(),
  qty: column.int(),
} satisfies ColumnOfEach<Omit<OrderDetails, 'requester'>>);

/** Who placed the order, also from Ordered; NULL if nobody had signed in. */
const requesterColumns = new Columns({
  requesterId: nullable(column.text()),
  requesterName: nullable(column.text()),
});

/**
 * The columns of `mis`. `reason` comes before the times, because its rule in an upsert reads one of
 * them before it is assigned.
 */
export const rentalColumns = new Columns({
  orderId: column.bigint(),
  ...detailColumns.map,
  ...requesterColumns.map,
  approvalId: nullable(column.bigint()),
  reason: nullable(column.text()),
  ...timeColumns,
  status: column.text<RentalStatus>(),
});

/** All but the status, which the database derives from the times. */
export const writtenColumns = rentalColumns.without('status');

export const equipmentColumns = new Columns({
  id: column.bigint(),
  name: nullable(column.text()),
  category: nullable(column.text()),
  region: nullable(column.text()),
} satisfies ColumnOfEach<RegisteredEquipment>);

export type RentalRow = RowOf<typeof rentalColumns> & { readonly equipmentName: string | null };

/** The column of a property that the API sorts by. */
export const sortColumn = (property: string): string =>
  rentalColumns.nameOf(property === 'id' ? 'orderId' : property);

/** The values of a fact, in the order of {@link writtenColumns}. */
export const valuesOf = (fact: RentalFact): unknown[] =>
  writtenColumns.values({
    ...fact,
    requesterId: fact.requester?.id,
    requesterName: fact.requester?.name,
    [timeFields[fact.event]]: fact.at,
  });

export function toRental(row: RentalRow): Rental {
  const { orderId, status, approvalId, reason, requesterId, requesterName } =
    rentalColumns.read(row);
  const moments = rentalEvents.flatMap((type) => {
    const at = row[timeFields[type]];
    return at === null ? [] : [{ type, at }];
  });
  return {
    orderId,
    ...detailColumns.read(row),
    ...(requesterId !== undefined && {
      requester: { id: requesterId, name: requesterName ?? requesterId },
    }),
    ...(row.equipmentName !== null && { equipmentName: row.equipmentName }),
    status,
    ...(approvalId !== undefined && { approvalId }),
    ...(status === 'REJECTED' && reason !== undefined && { reason }),
    timeline: inCausalOrder(moments).map(({ type, at }) => ({
      event: type.split('.')[1] ?? type,
      at,
    })),
  };
}

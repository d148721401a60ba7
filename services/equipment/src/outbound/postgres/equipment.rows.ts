import { column, Columns, nullable, type RowOf } from '@equipmgnt/database';
import { Equipment } from '../../domain/equipment.ts';
import type { Direction, LedgerEntry, Outcome } from '../../domain/stock-ledger.ts';

/** The columns of `equipments` except `registered`, which only the database's own checks use. */
export const equipmentColumns = new Columns({
  id: column.bigint(),
  stock: column.int(),
  name: nullable(column.text()),
  category: nullable(column.text()),
  region: nullable(column.text()),
  registeredAt: column.timestamptz(),
});

export type EquipmentRow = RowOf<typeof equipmentColumns>;

export const ledgerColumns = new Columns<LedgerEntry>({
  orderId: column.bigint(),
  direction: column.text<Direction>(),
  equipmentId: column.bigint(),
  qty: column.int(),
  outcome: column.text<Outcome>(),
  at: column.timestamptz(),
});

/** For reads. Writes are the statements in statements.ts. */
export const equipmentEntity = equipmentColumns.entity('equipment', 'equipments', 'id');

export function toEquipment(row: EquipmentRow): Equipment {
  const { id, registeredAt, ...details } = equipmentColumns.read(row);
  return new Equipment({ id, details, registeredAt });
}

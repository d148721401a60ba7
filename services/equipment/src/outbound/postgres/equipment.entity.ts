import { EntitySchema } from 'typeorm';
import { Equipment } from '../../domain/equipment.ts';

/** A row of `equipments`, for reads. Writes are statements of their own, in statements.ts. */
export interface EquipmentRow {
  id: number;
  stock: number;
  name: string | null;
  category: string | null;
  region: string | null;
  registeredAt: Date;
}

export const equipmentEntity = new EntitySchema<EquipmentRow>({
  name: 'equipment',
  tableName: 'equipments',
  columns: {
    id: { type: 'bigint', primary: true },
    stock: { type: 'int' },
    name: { type: 'text', nullable: true },
    category: { type: 'text', nullable: true },
    region: { type: 'text', nullable: true },
    registeredAt: { name: 'registered_at', type: 'timestamptz' },
  },
});

export const toEquipment = (row: EquipmentRow): Equipment =>
  new Equipment(
    row.id,
    {
      stock: row.stock,
      ...(row.name !== null && { name: row.name }),
      ...(row.category !== null && { category: row.category }),
      ...(row.region !== null && { region: row.region }),
    },
    row.registeredAt,
  );

import type { Page, PageRequest } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { Batcher, readMariadbList, type Columns } from '@equipmgnt/database';
import { DataSource } from 'typeorm';
import { Rentals, type RentalFilter } from '../../application/rentals.ts';
import type { PlacedOrder, ViewProgress } from '../../domain/view-progress.ts';
import type { RegisteredEquipment, Rental, RentalFact } from '../../domain/rental.ts';
import {
  equipmentColumns,
  rentalColumns,
  sortColumn,
  toRental,
  valuesOf,
  writtenColumns,
  type RentalRow,
} from './rental.rows.ts';

const SELECT = `
  SELECT ${rentalColumns.select('mis')}, equipments.name AS "equipmentName"
    FROM mis LEFT JOIN equipments ON equipments.id = mis.equipment_id`;

/**
 * Both OrderRejected and ApprovalRejected have a reason. The one of OrderRejected wins, whichever is
 * delivered first. MariaDB assigns from left to right, so this comes before order_rejected_at.
 */
const REASON = `IF(order_rejected_at IS NULL AND VALUES(order_rejected_at) IS NOT NULL,
  VALUES(reason), coalesce(reason, VALUES(reason)))`;

@Injectable()
export class MariadbRentals extends Rentals {
  /** While statements are running, the batches of other partitions and topics gather. */
  private readonly projections = new Batcher((batches: readonly (readonly RentalFact[])[]) =>
    this.projectAll(batches),
  );

  constructor(private readonly database: DataSource) {
    super();
  }

  project(facts: readonly RentalFact[]): Promise<void> {
    return this.projections.run(facts);
  }

  async projectEquipment(equipments: readonly RegisteredEquipment[]): Promise<void> {
    const rows = equipments.map((equipment) => equipmentColumns.values(equipment));
    await this.upsert('equipments', equipmentColumns, rows);
  }

  async find(orderId: number): Promise<Rental | undefined> {
    const where = 'WHERE mis.order_id = ? AND mis.ordered_at IS NOT NULL';
    const [row]: RentalRow[] = await this.database.query(`${SELECT} ${where}`, [orderId]);
    return row && toRental(row);
  }

  async progressAt(orderId: number): Promise<ViewProgress> {
    const first = async (rest: string): Promise<PlacedOrder | undefined> => {
      const select = 'SELECT order_id AS "orderId", ordered_at AS "orderedAt" FROM mis';
      const [row] = await this.database.query(`${select} ${rest} LIMIT 1`, [orderId]);
      return row;
    };
    const [own, next, last] = await Promise.all([
      first('WHERE order_id = ?'),
      first('WHERE order_id > ? AND ordered_at IS NOT NULL ORDER BY order_id'),
      first('WHERE ordered_at IS NOT NULL ORDER BY order_id DESC'),
    ]);
    return { hasOtherEvent: own !== undefined, ...(next && { next }), ...(last && { last }) };
  }

  async page({ page, size, sort }: PageRequest, filter: RentalFilter): Promise<Page<Rental>> {
    const conditions = ['mis.ordered_at IS NOT NULL'];
    const values: unknown[] = [];
    if (filter.status !== undefined) {
      conditions.push('mis.status = ?');
      values.push(filter.status);
    }
    if (filter.equipmentId !== undefined) {
      conditions.push('mis.equipment_id = ?');
      values.push(filter.equipmentId);
    }
    if (filter.requesterId !== undefined) {
      conditions.push('mis.requester_id = ?');
      values.push(filter.requesterId);
    }
    const where = `WHERE ${conditions.join(' AND ')}`;
    const keys = sort.map(({ property, direction }) => `mis.${sortColumn(property)} ${direction}`);
    const order = `ORDER BY ${keys.join(', ')}`;
    return readMariadbList(this.database, async (query) => {
      const rows = await query(`${SELECT} ${where} ${order} LIMIT ? OFFSET ?`, [
        ...values,
        size,
        page * size,
      ]);
      const [count] = await query(`SELECT count(*) AS total FROM mis ${where}`, values);
      return {
        items: (rows as RentalRow[]).map(toRental),
        total: Number((count as { total: unknown }).total),
      };
    });
  }

  private async projectAll(batches: readonly (readonly RentalFact[])[]): Promise<void[]> {
    // In the order of the ids, so that two statements cannot deadlock.
    const facts = batches.flat().sort((a, b) => a.orderId - b.orderId);
    await this.upsert('mis', writtenColumns, facts.map(valuesOf), { reason: REASON });
    return batches.map(() => undefined);
  }

  /**
   * Inserts rows, or sets the columns that are still NULL, in one statement.
   * @param rules the new values of columns that follow another rule
   */
  private async upsert<Row extends object>(
    table: string,
    columns: Columns<Row>,
    rows: unknown[][],
    rules: Record<string, string> = {},
  ): Promise<void> {
    if (rows.length === 0) return;
    const [, ...names] = columns.fields.map((field) => columns.nameOf(field));
    const assignments = names.map(
      (name) => `${name} = ${rules[name] ?? `coalesce(${name}, VALUES(${name}))`}`,
    );
    await this.database.query(
      `INSERT INTO ${table} (${columns.names}) VALUES ?
       ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`,
      [rows],
    );
  }
}

import type { Page, PageRequest } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Rentals, type RentalFilter } from '../../application/rentals.ts';
import type { RegisteredEquipment, Rental, RentalFact } from '../../domain/rental.ts';
import { sortColumns, timeColumns, toRental, type RentalRow } from './rental.row.ts';

const SELECT = `
  SELECT mis.*, equipments.name AS equipment_name
    FROM mis LEFT JOIN equipments ON equipments.id = mis.equipment_id`;

/**
 * Order and approval may each have a reason of their own; what order says of its order counts,
 * whichever is told first. Assigned before order_rejected_at is, which it looks at.
 */
const REASON = `IF(order_rejected_at IS NULL AND VALUES(order_rejected_at) IS NOT NULL,
  VALUES(reason), coalesce(reason, VALUES(reason)))`;

@Injectable()
export class MariadbRentals extends Rentals {
  constructor(private readonly database: DataSource) {
    super();
  }

  async note(facts: readonly RentalFact[]): Promise<void> {
    const columns = ['equipment_id', 'qty', 'approval_id', 'reason', ...Object.values(timeColumns)];
    // in the order of the ids, so that two batches never wait for each other
    const rows = [...facts]
      .sort((a, b) => a.orderId - b.orderId)
      .map(({ orderId, event, at, equipmentId, qty, approvalId, reason }) => [
        orderId,
        equipmentId ?? null,
        qty ?? null,
        approvalId ?? null,
        reason ?? null,
        ...Object.keys(timeColumns).map((name) => (name === event ? at : null)),
      ]);
    await this.upsert('mis', ['order_id', ...columns], rows, { reason: REASON });
  }

  async noteEquipment(equipments: readonly RegisteredEquipment[]): Promise<void> {
    const rows = equipments.map(({ id, name, category, region }) => [
      id,
      name ?? null,
      category ?? null,
      region ?? null,
    ]);
    await this.upsert('equipments', ['id', 'name', 'category', 'region'], rows);
  }

  async find(orderId: number): Promise<Rental | undefined> {
    const where = 'WHERE mis.order_id = ? AND mis.ordered_at IS NOT NULL';
    const [row]: RentalRow[] = await this.database.query(`${SELECT} ${where}`, [orderId]);
    return row && toRental(row);
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
    const where = `WHERE ${conditions.join(' AND ')}`;
    const column = sortColumns[sort.property];
    const order = `ORDER BY mis.${column} ${sort.direction}, mis.order_id ${sort.direction}`;
    const [rows, [count]] = await Promise.all([
      this.database.query(`${SELECT} ${where} ${order} LIMIT ? OFFSET ?`, [
        ...values,
        size,
        page * size,
      ]) as Promise<RentalRow[]>,
      this.database.query(`SELECT count(*) AS total FROM mis ${where}`, values),
    ]);
    return { items: rows.map(toRental), total: Number(count.total) };
  }

  /**
   * Adds what is not known yet, in one statement; what is known stays as it is.
   * @param rules for columns that follow another rule
   */
  private async upsert(
    table: string,
    columns: string[],
    rows: unknown[][],
    rules: Record<string, string> = {},
  ): Promise<void> {
    if (rows.length === 0) return;
    const keep = columns
      .slice(1)
      .map((name) => `${name} = ${rules[name] ?? `coalesce(${name}, VALUES(${name}))`}`);
    await this.database.query(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ?
       ON DUPLICATE KEY UPDATE ${keep.join(', ')}`,
      [rows],
    );
  }
}

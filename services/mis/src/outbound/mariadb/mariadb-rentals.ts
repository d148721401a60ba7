import type { CursorValue, Page, PageRequest, SortKey } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { Batcher, readMariadbList, type Columns } from '@equipmgnt/database';
import { MetricsRegistry } from '@equipmgnt/runtime';
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
import { OrderAges } from './order-ages.ts';
import { totalOf } from './rental-counts.ts';

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

  private readonly ages;

  constructor(
    private readonly database: DataSource,
    metrics: MetricsRegistry,
  ) {
    super();
    this.ages = new OrderAges(metrics);
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

  page(wanted: PageRequest, filter: RentalFilter): Promise<Page<Rental>> {
    const { page, size, sort, after } = wanted;
    const { where, values } = conditionsOf(wanted, filter);
    const order = `ORDER BY ${sort
      .map(({ property, direction }) => `mis.${sortColumn(property)} ${direction}`)
      .join(', ')}`;
    // only the index is read for the rows before the page
    const ids = `SELECT order_id FROM mis ${where} ${order} LIMIT ? OFFSET ?`;
    const sql = `${SELECT} JOIN (${ids}) AS page ON page.order_id = mis.order_id ${order}`;
    return readMariadbList(this.database, async (query) => {
      const rows = await query(sql, [...values, size, after ? 0 : page * size]);
      const total = totalOf(filter);
      const [count] = await query(total.sql, total.values);
      return {
        items: (rows as RentalRow[]).map(toRental),
        total: Number((count as { total: unknown }).total),
      };
    });
  }

  private async projectAll(batches: readonly (readonly RentalFact[])[]): Promise<void[]> {
    // In the order of the ids, so that two statements cannot deadlock.
    const facts = batches.flat().sort((a, b) => a.orderId - b.orderId);
    const rows = await this.upsert('mis', writtenColumns, facts.map(valuesOf), {
      rules: { reason: REASON },
      returning: 'order_id AS "orderId", ordered_at AS "orderedAt"',
    });
    this.ages.observe(facts, rows as PlacedOrder[]);
    return batches.map(() => undefined);
  }

  /**
   * Inserts rows, or sets the columns that are still NULL, in one statement.
   * @param rules the new values of columns that follow another rule
   * @param returning what to return of each row
   */
  private async upsert<Row extends object>(
    table: string,
    columns: Columns<Row>,
    rows: unknown[][],
    { rules = {}, returning }: { rules?: Record<string, string>; returning?: string } = {},
  ): Promise<object[]> {
    if (rows.length === 0) return [];
    const [, ...names] = columns.fields.map((field) => columns.nameOf(field));
    const assignments = names.map(
      (name) => `${name} = ${rules[name] ?? `coalesce(${name}, VALUES(${name}))`}`,
    );
    return this.database.query(
      `INSERT INTO ${table} (${columns.names}) VALUES ?
       ON DUPLICATE KEY UPDATE ${assignments.join(', ')}${returning ? ` RETURNING ${returning}` : ''}`,
      [rows],
    );
  }
}

/**
 * The rows of a list, from those after `after`. Orders of which only later events have arrived are not
 * shown: they have neither equipment nor a requester, so the indexes of these need no further column.
 */
function conditionsOf({ sort, after }: PageRequest, filter: RentalFilter) {
  const { status, equipmentId, requesterId } = filter;
  const equal = Object.entries({ status, equipment_id: equipmentId, requester_id: requesterId });
  const conditions = equal.flatMap(([column, value]): [string, unknown[]][] =>
    value === undefined ? [] : [[`mis.${column} = ?`, [value]]],
  );
  if (requesterId === undefined && equipmentId === undefined) {
    const byEquipment = sort[0]?.property === 'equipmentId';
    conditions.push([`mis.${byEquipment ? 'equipment_id' : 'ordered_at'} IS NOT NULL`, []]);
  }
  if (after) conditions.push(startAfter(sort, after));
  return {
    where: `WHERE ${conditions.map(([condition]) => condition).join(' AND ')}`,
    values: conditions.flatMap(([, values]) => values),
  };
}

/** The condition for rows after the one with these sort keys: one property and the id, or only the id. */
function startAfter(
  [key]: readonly SortKey[],
  [value, id]: readonly CursorValue[],
): [string, unknown[]] {
  const operator = key?.direction === 'desc' ? '<' : '>';
  const column = `mis.${sortColumn(key?.property ?? 'id')}`;
  return id === undefined
    ? [`${column} ${operator} ?`, [value]]
    : [
        `(${column} ${operator} ? OR (${column} = ? AND mis.order_id ${operator} ?))`,
        [value, value, id],
      ];
}

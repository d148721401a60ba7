import { PeriodicJob } from '@equipmgnt/database';
import { MetricsRegistry } from '@equipmgnt/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RentalFilter } from '../../application/rentals.ts';
import type { RentalStatus } from '../../domain/rental.ts';

const EVERY_MS = 1_000;
/** Orders that are counted in one transaction, which locks their rows. */
const BATCH_SIZE = 1_000;
/** Few orders, but MariaDB expects as many for each value as there are for NULL. */
const UNCOUNTED = 'mis FORCE INDEX (mis_uncounted) WHERE uncounted = TRUE';
/** The `equipment_id` of the counts of all equipment. */
const ALL = 0;

/**
 * The number of orders with a status and for a piece of equipment: those that are counted, corrected by
 * the orders that are not counted with their present status. One statement, so all of it is read from the
 * same snapshot.
 */
export function totalOf(filter: RentalFilter): { sql: string; values: unknown[] } {
  const { status, equipmentId, requesterId } = filter;
  if (requesterId !== undefined) return countOf({ status, equipmentId, requesterId });
  const counts = ['equipment_id = ?', ...(status === undefined ? [] : ['status = ?'])];
  const change =
    status === undefined ? 'counted IS NULL' : '(status = ?) - coalesce(counted = ?, FALSE)';
  const equipment = equipmentId === undefined ? '' : ' AND equipment_id = ?';
  return {
    sql: `
      SELECT (SELECT coalesce(sum(total), 0) FROM rental_counts WHERE ${counts.join(' AND ')})
           + (SELECT coalesce(sum(${change}), 0) FROM ${UNCOUNTED}${equipment}) AS total`,
    values: [
      equipmentId ?? ALL,
      ...(status === undefined ? [] : [status, status, status]),
      ...(equipmentId === undefined ? [] : [equipmentId]),
    ],
  };
}

/** A requester has few orders, so they are counted one by one. */
function countOf({ status, equipmentId, requesterId }: RentalFilter) {
  return {
    sql: `
      SELECT count(*) AS total FROM mis
       WHERE requester_id = ? AND status = coalesce(?, status) AND equipment_id = coalesce(?, equipment_id)`,
    values: [requesterId, status ?? null, equipmentId ?? null],
  };
}

interface UncountedRow {
  readonly orderId: number;
  readonly equipmentId: number;
  readonly counted: RentalStatus | null;
  readonly status: RentalStatus;
}

/**
 * Counts the orders that are new or have another status. Replicas may do it at the same time: each skips
 * the rows that another one has locked, and those that are just being written.
 */
@Injectable()
export class CountRentals extends PeriodicJob {
  constructor(
    private readonly database: DataSource,
    metrics: MetricsRegistry,
  ) {
    super('count-rentals', EVERY_MS);
    const totals = () => this.totals();
    metrics.gauge({
      name: 'orders',
      help: 'Orders in the view, by status',
      labelNames: ['status'],
      async collect() {
        // without the database, the last values stay, and all other metrics are still shown
        const rows = await totals().catch(() => []);
        for (const { status, total } of rows) this.set({ status }, Number(total));
      },
    });
  }

  override async run(stop: AbortSignal): Promise<void> {
    let counted = BATCH_SIZE;
    while (counted === BATCH_SIZE && !stop.aborted) counted = await this.countSome();
  }

  private totals(): Promise<{ status: RentalStatus; total: unknown }[]> {
    return this.database.query('SELECT status, total FROM rental_counts WHERE equipment_id = ?', [
      ALL,
    ]);
  }

  private countSome(): Promise<number> {
    return this.database.transaction('READ COMMITTED', async (manager) => {
      const rows: UncountedRow[] = await manager.query(
        `SELECT order_id AS "orderId", equipment_id AS "equipmentId", counted, status
           FROM ${UNCOUNTED} ORDER BY order_id LIMIT ? FOR UPDATE SKIP LOCKED`,
        [BATCH_SIZE],
      );
      if (rows.length === 0) return 0;
      await manager.query(
        `INSERT INTO rental_counts (equipment_id, status, total) VALUES ?
             ON DUPLICATE KEY UPDATE total = total + VALUES(total)`,
        [changesOf(rows)],
      );
      await manager.query('UPDATE mis SET counted = status WHERE order_id IN (?)', [
        rows.map(({ orderId }) => orderId),
      ]);
      return rows.length;
    });
  }
}

/** The changes of `rental_counts`, in the order of its key, so that two transactions do not deadlock. */
function changesOf(rows: readonly UncountedRow[]): [number, RentalStatus, number][] {
  const changes = new Map<string, [number, RentalStatus, number]>();
  const add = (equipmentId: number, status: RentalStatus, change: number) => {
    const [, , before] = changes.get(`${equipmentId} ${status}`) ?? [0, status, 0];
    changes.set(`${equipmentId} ${status}`, [equipmentId, status, before + change]);
  };
  for (const { equipmentId, counted, status } of rows) {
    for (const id of [ALL, equipmentId]) {
      add(id, status, 1);
      if (counted !== null) add(id, counted, -1);
    }
  }
  return [...changes.values()].sort(
    ([idA, statusA], [idB, statusB]) => idA - idB || (statusA < statusB ? -1 : 1),
  );
}

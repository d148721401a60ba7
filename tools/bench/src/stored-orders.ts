import type { Connections } from '@equipmgnt/testing';
import { connectMariadb, queryPostgres } from './databases.ts';

/** Enough for every load, and below the largest stock. */
export const INITIAL_STOCK = 1_000_000_000;

/**
 * Fills all databases with approved orders by SQL, spread over the equipment, as if they had come in
 * over time. The suite must be idle.
 */
export async function storeOrders(
  { databases }: Connections,
  count: number,
  equipments: number,
): Promise<void> {
  const number = `generate_series(1, ${count}) AS n`;
  const equipment = `1 + n % ${equipments}`;
  const at = `now() - interval '1 day'`;
  const sequence = (table: string) =>
    `SELECT setval(pg_get_serial_sequence('${table}', 'id'), ${count})`;
  await Promise.all([
    fill(databases.order, [
      `INSERT INTO orders (id, equipment_id, qty, status, approval_id, ordered_at, approved_at)
       SELECT n, ${equipment}, 1, 'APPROVED', n, ${at}, ${at} FROM ${number}`,
      sequence('orders'),
      'VACUUM ANALYZE orders',
    ]),
    fill(databases.approval, [
      `INSERT INTO approvals (id, order_id, equipment_id, qty, status, approved_at, confirmed_at)
       SELECT n, n, ${equipment}, 1, 'APPROVED', ${at}, ${at} FROM ${number}`,
      sequence('approvals'),
      'VACUUM ANALYZE approvals',
    ]),
    fill(databases.equipment, [
      `INSERT INTO stock_ledger (order_id, direction, equipment_id, qty, outcome, at)
       SELECT n, 'OUT', ${equipment}, 1, 'TAKEN', ${at} FROM ${number}`,
      `UPDATE equipments e SET stock = stock - taken
         FROM (SELECT equipment_id, count(*) AS taken FROM stock_ledger GROUP BY 1) l
        WHERE l.equipment_id = e.id`,
      'VACUUM ANALYZE stock_ledger',
    ]),
    fillMis(databases.mis, count, equipments),
  ]);
}

async function fill(url: string, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await queryPostgres(url, statement);
}

async function fillMis(url: string, count: number, equipments: number): Promise<void> {
  const connection = await connectMariadb(url);
  const at = 'NOW(3) - INTERVAL 1 DAY';
  await connection.query(
    `INSERT INTO mis (order_id, equipment_id, qty, approval_id, ordered_at, approved_at,
                      stock_decreased_at)
     SELECT seq, 1 + seq % ${equipments}, 1, seq, ${at}, ${at}, ${at} FROM seq_1_to_${count}`,
  );
  await connection.query('ANALYZE TABLE mis');
  await connection.end();
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Connections } from '@equipmgnt/testing';
import type { Connection } from 'mysql2/promise';
import { connectMariadb, queryPostgres } from './databases.ts';

/** Enough for every load, and below the largest stock. */
export const INITIAL_STOCK = 1_000_000_000;
const CHUNK = 10_000;
/** Longer than the pause between two counts. */
const IDLE_MS = 3_000;

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
  // several transactions, because mis counts new orders at the same time, and each row that it skips costs a lock
  for (let from = 1; from <= count; from += CHUNK) {
    const to = Math.min(count, from + CHUNK - 1);
    await connection.query(
      `INSERT INTO mis (order_id, equipment_id, qty, approval_id, ordered_at, approved_at,
                        stock_decreased_at)
       SELECT seq, 1 + seq % ${equipments}, 1, seq, ${at}, ${at}, ${at} FROM seq_${from}_to_${to}`,
    );
  }
  await connection.query('ANALYZE TABLE mis');
  await untilIdle(connection);
  await connection.end();
}

/** Until mis has counted the orders. */
async function untilIdle(connection: Connection): Promise<void> {
  const updates = async () => {
    const [rows] = await connection.query("SHOW GLOBAL STATUS LIKE 'Handler_update'");
    return Number((rows as { Value: string }[])[0]?.Value);
  };
  let before = -1;
  for (let now = await updates(); now !== before; now = await updates()) {
    before = now;
    await delay(IDLE_MS);
  }
}

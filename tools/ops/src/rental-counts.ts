import type { Connection } from 'mysql2/promise';
import type { Difference } from './compare.ts';
import { queryMis, type Databases } from './databases.ts';

/** The orders that are counted, by equipment and status; those of all equipment under 0. */
const COUNTED = `
  SELECT equipment_id, counted AS status, count(*) AS total
    FROM mis WHERE counted IS NOT NULL GROUP BY equipment_id, counted
   UNION ALL
  SELECT 0, counted, count(*) FROM mis WHERE counted IS NOT NULL GROUP BY counted`;

/**
 * The totals of lists in mis agree with its rows. They do not after rows were deleted by hand. One
 * statement, so all of it is read from the same snapshot.
 */
export async function compareTotals({ mis }: Databases): Promise<Difference[]> {
  const rows = await queryMis<{ key: number; status: string; excess: string }>(
    mis,
    `SELECT equipment_id AS "key", status, sum(total) AS excess
       FROM (SELECT equipment_id, status, total FROM rental_counts
              UNION ALL
             SELECT equipment_id, status, -total FROM (${COUNTED}) AS counted) AS changes
      GROUP BY equipment_id, status HAVING sum(total) <> 0`,
  );
  return rows.map(({ key, status, excess }) => ({
    kind: 'total',
    key,
    detail: `${excess} ${status} orders too many`,
  }));
}

/**
 * Writes the totals again, while mis runs. mis changes a total before it marks the orders that it
 * counts, so it waits here before it marks any.
 */
export async function writeTotals(mis: Connection): Promise<void> {
  await mis.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await mis.beginTransaction();
  try {
    await mis.query('DELETE FROM rental_counts');
    await mis.query(`INSERT INTO rental_counts (equipment_id, status, total) ${COUNTED}`);
    await mis.commit();
  } catch (error) {
    await mis.rollback();
    throw error;
  }
}

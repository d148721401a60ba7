import {
  isPublishingService,
  isStatefulService,
  SERVICES,
  type StatefulService,
} from '@equipmgnt/contracts';
import type { Admin } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { compareOrder, type Difference } from './compare.ts';
import { queryMis, type Databases } from './databases.ts';
import { countUnread, endsOfTopics } from './lag.ts';
import { nextOrderId, readOrderRows } from './order-rows.ts';
import { compareTotals } from './rental-counts.ts';

/** Order ids that are read at a time, so that memory does not grow with the number of orders. */
const WINDOW = 5_000;
/** The check ends with an error above this number; then something else is wrong. */
const MAX_DIFFERENCES = 100_000;

/** What a check found. */
export interface CheckResult {
  readonly orders: number;
  readonly equipments: number;
  readonly differences: readonly Difference[];
}

/**
 * Compares what the services know of each order and each piece of equipment, while they run. A
 * difference may only be an event in flight. So when there are any, the check waits until all events
 * that were published or stored by then are handled, and reads their rows again. Those that are the
 * same then are real.
 * @param waitMs for events in flight
 * @throws Error when events are still in flight after `waitMs`
 */
export async function check(
  databases: Databases,
  admin: Admin,
  waitMs: number,
): Promise<CheckResult> {
  const first = await compareAll(databases);
  if (first.differences.length === 0) return first;
  await handled(databases, admin, waitMs);
  const again = new Set((await compareAgain(databases, first.differences)).map(identity));
  const differences = first.differences.filter((each) => again.has(identity(each)));
  return { ...first, differences };
}

const identity = (difference: Difference): string => JSON.stringify(difference);

async function compareAll(databases: Databases): Promise<CheckResult> {
  const differences: Difference[] = [];
  let orders = 0;
  let from = await nextOrderId(databases, 0);
  while (from !== undefined) {
    const to: number = from + WINDOW - 1;
    const rows = await readOrderRows(databases, { from, to });
    for (const [id, ofOrder] of rows) differences.push(...compareOrder(id, ofOrder));
    orders += rows.size;
    if (differences.length > MAX_DIFFERENCES)
      throw new Error(`more than ${MAX_DIFFERENCES} differences up to order ${to}`);
    from = await nextOrderId(databases, to + 1);
  }
  const equipments = await compareEquipments(databases);
  differences.push(
    ...equipments.differences,
    ...(await compareStock(databases)),
    ...(await compareTotals(databases)),
  );
  return { orders, equipments: equipments.count, differences };
}

async function compareAgain(
  databases: Databases,
  differences: readonly Difference[],
): Promise<Difference[]> {
  const found: Difference[] = [];
  const ids = [...new Set(differences.filter(isAboutOrder).map(({ key }) => key))];
  for (let start = 0; start < ids.length; start += WINDOW) {
    const rows = await readOrderRows(databases, ids.slice(start, start + WINDOW));
    for (const [id, ofOrder] of rows) found.push(...compareOrder(id, ofOrder));
  }
  found.push(
    ...(await compareEquipments(databases)).differences,
    ...(await compareStock(databases)),
    ...(await compareTotals(databases)),
  );
  return found;
}

const isAboutOrder = (difference: Difference): boolean =>
  difference.kind !== 'stock' &&
  difference.kind !== 'total' &&
  !('type' in difference && difference.type === 'equipmgnt.EquipmentRegistered.v1');

/** mis has the equipment that equipment has. */
async function compareEquipments({ equipment, mis }: Databases) {
  const type = 'equipmgnt.EquipmentRegistered.v1';
  const differences: Difference[] = [];
  let count = 0;
  let from: number | undefined = 0;
  while (from !== undefined) {
    const { rows }: { rows: { id: number }[] } = await equipment.query(
      'SELECT id FROM equipments WHERE id >= $1 ORDER BY id LIMIT $2',
      [from, WINDOW],
    );
    const last: number | undefined = rows.length < WINDOW ? undefined : rows.at(-1)?.id;
    const shown = await queryMis<{ id: number }>(
      mis,
      `SELECT id FROM equipments WHERE id >= ? ${last === undefined ? '' : 'AND id <= ?'}`,
      last === undefined ? [from] : [from, last],
    );
    const own = new Set(rows.map(({ id }) => id));
    const others = new Set(shown.map(({ id }) => id));
    for (const key of own)
      if (!others.has(key)) differences.push({ kind: 'unhandled', type, key, consumer: 'mis' });
    for (const key of others)
      if (!own.has(key))
        differences.push({ kind: 'lost', type, key, owner: 'equipment', shownBy: 'mis' });
    count += own.size;
    from = last === undefined ? undefined : last + 1;
  }
  return { count, differences };
}

/** stock = registered - taken + returned, in one statement and so in one snapshot. */
async function compareStock({ equipment }: Databases): Promise<Difference[]> {
  const { rows } = await equipment.query(
    `SELECT e.id, e.stock, e.registered, coalesce(l.taken, 0) AS taken, coalesce(l.returned, 0) AS returned
       FROM equipments e
       LEFT JOIN (SELECT equipment_id,
                         sum(qty) FILTER (WHERE outcome = 'TAKEN') AS taken,
                         sum(qty) FILTER (WHERE outcome = 'RETURNED') AS returned
                    FROM stock_ledger GROUP BY equipment_id) l ON l.equipment_id = e.id
      WHERE e.stock <> e.registered - coalesce(l.taken, 0) + coalesce(l.returned, 0)`,
  );
  return rows.map(({ id, stock, registered, taken, returned }) => ({
    kind: 'stock',
    key: id,
    detail: `a stock of ${stock}, expected ${registered} registered - ${taken} taken + ${returned} returned`,
  }));
}

/** Waits until every event that exists now is published, and handled by all its consumers. */
async function handled(databases: Databases, admin: Admin, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  const until = async (missing: () => Promise<string | undefined>): Promise<void> => {
    for (;;) {
      const what = await missing();
      if (what === undefined) return;
      if (Date.now() > deadline)
        throw new Error(`after ${waitMs / 1_000} s there are still events in flight: ${what}`);
      await delay(200);
    }
  };
  for (const service of SERVICES.filter(isPublishingService)) {
    const { rows } = await databases[service].query('SELECT max(id) AS last FROM outbox');
    const { last } = rows[0];
    if (last !== null) await until(() => inOutbox(databases, service, last));
  }
  const ends = await endsOfTopics(admin);
  for (const group of SERVICES.filter(isStatefulService))
    await until(() => unread(admin, group, ends));
}

/** Parked events, and those behind them, wait for an operator and not for the relay. */
async function inOutbox(
  databases: Databases,
  service: 'order' | 'approval' | 'equipment',
  last: number,
): Promise<string | undefined> {
  const { rows } = await databases[service].query(
    `SELECT count(*)::int AS count FROM outbox
      WHERE id <= $1 AND key NOT IN (SELECT key FROM outbox WHERE parked_at IS NOT NULL)`,
    [last],
  );
  const { count } = rows[0];
  return count === 0 ? undefined : `${count} in the outbox of ${service}`;
}

async function unread(
  admin: Admin,
  group: StatefulService,
  ends: Awaited<ReturnType<typeof endsOfTopics>>,
): Promise<string | undefined> {
  const count = await countUnread(admin, group, ends);
  return count === 0 ? undefined : `${count} not handled by ${group}`;
}

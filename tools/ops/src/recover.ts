import {
  events,
  isEventType,
  topology,
  type EventType,
  type PublishingService,
} from '@equipmgnt/contracts';
import { scanTopic } from '@equipmgnt/messaging/read-topic';
import type { Kafka } from 'kafkajs';
import type pg from 'pg';

/** Events that are copied to the database at a time. */
const CHUNK = 1_000;
const CHECK_VIOLATION = '23514';

/** One statement of a recovery, and what its rows are, for the report. */
interface Step {
  readonly what: string;
  readonly sql: string;
}

/**
 * What the events of a service's own topic say about its rows. Each statement writes only what is
 * missing, so that it has no effect on rows that are newer than the backup, or on a second run.
 *
 * `recovered` has the events: type, key, at (the time of the event), and data with the names of columns.
 */
const steps: Readonly<Record<PublishingService, (columns: Columns) => readonly Step[]>> = {
  order: (columns) => [
    {
      what: 'orders inserted',
      sql: insertFrom('orders', 'equipmgnt.Ordered.v1', columns, {
        id: 'key',
        status: `'ORDERED'`,
        ordered_at: 'at',
      }),
    },
    {
      what: 'orders cancelled',
      sql: `UPDATE orders SET status = 'CANCELLED', cancelled_at = r.at FROM recovered r
             WHERE r.type = 'equipmgnt.OrderCancelled.v1' AND id = r.key
               AND status IN ('ORDERED', 'APPROVED')`,
    },
  ],
  approval: (columns) => [
    {
      what: 'approvals inserted',
      sql: `${insertFrom('approvals', 'equipmgnt.ApprovalObtained.v1', columns, {
        id: "(data ->> 'approval_id')::bigint",
        order_id: 'key',
        status: `'APPROVED'`,
        approved_at: 'at',
        confirmed_at: 'at',
      })}`,
    },
    {
      what: 'approvals confirmed',
      sql: `UPDATE approvals SET confirmed_at = r.at FROM recovered r
             WHERE r.type = 'equipmgnt.ApprovalObtained.v1' AND order_id = r.key
               AND id = (r.data ->> 'approval_id')::bigint AND confirmed_at IS NULL`,
    },
    ...(['CANCELLED', 'REJECTED'] as const).flatMap((status) => {
      const [type, time] =
        status === 'CANCELLED'
          ? (['equipmgnt.CancelRequested.v1', 'cancelled_at'] as const)
          : (['equipmgnt.ApprovalRejected.v1', 'rejected_at'] as const);
      return [
        {
          what: `approvals ${status.toLowerCase()}`,
          sql: `UPDATE approvals SET status = '${status}', ${time} = r.at, reason = r.data ->> 'reason',
                       confirmed_at = coalesce(confirmed_at, r.at)
                  FROM recovered r
                 WHERE r.type = '${type}' AND order_id = r.key AND status = 'APPROVED'`,
        },
        {
          what: `approvals inserted as ${status.toLowerCase()}`,
          sql: insertFrom('approvals', type, columns, {
            id: "(data ->> 'approval_id')::bigint",
            order_id: 'key',
            status: `'${status}'`,
            [time]: 'at',
            confirmed_at: 'at',
          }),
        },
      ];
    }),
  ],
  equipment: (columns) => [
    {
      what: 'equipment inserted',
      sql: insertFrom('equipments', 'equipmgnt.EquipmentRegistered.v1', columns, {
        id: 'key',
        registered: "(data ->> 'stock')::int",
        registered_at: 'at',
      }),
    },
    {
      what: 'ledger entries inserted',
      sql: `WITH written AS (
              INSERT INTO stock_ledger (order_id, direction, equipment_id, qty, outcome, at)
              SELECT key, o.direction, (data ->> 'equipment_id')::bigint, (data ->> 'qty')::int,
                     o.outcome, at
                FROM recovered
                JOIN (VALUES ('equipmgnt.StockDecreased.v1', 'OUT', 'TAKEN'),
                             ('equipmgnt.StockRejected.v1', 'OUT', 'REFUSED'),
                             ('equipmgnt.StockIncreased.v1', 'IN', 'RETURNED'))
                  AS o(type, direction, outcome) USING (type)
                  ON CONFLICT DO NOTHING
              RETURNING equipment_id, outcome, qty),
            moved AS (
              UPDATE equipments e SET stock = e.stock + m.units
                FROM (SELECT equipment_id,
                             sum(CASE outcome WHEN 'TAKEN' THEN -qty WHEN 'RETURNED' THEN qty ELSE 0 END)::int
                               AS units
                        FROM written GROUP BY equipment_id) m
               WHERE e.id = m.equipment_id)
            SELECT FROM written`,
    },
  ],
};

/** The columns of a table that an event of a type has a field for. */
type Columns = (table: string, type: EventType) => readonly { name: string; cast: string }[];

/** Inserts a row for each event of a type, unless it exists. */
function insertFrom(
  table: string,
  type: EventType,
  columns: Columns,
  more: Readonly<Record<string, string>>,
): string {
  const values = new Map(
    columns(table, type).map(({ name, cast }) => [name, `(data ->> '${name}')::${cast}`]),
  );
  for (const [name, value] of Object.entries(more)) values.set(name, value);
  return `INSERT INTO ${table} (${[...values.keys()].join(', ')})
          SELECT ${[...values.values()].join(', ')} FROM recovered WHERE type = '${type}'
              ON CONFLICT DO NOTHING`;
}

/** How many rows each step of a recovery wrote, and how many events the topic has. */
export interface RecoverResult {
  readonly events: number;
  readonly steps: readonly { readonly what: string; readonly rows: number }[];
}

/**
 * Writes the rows again that a service published, and that its database has lost, as after the restore
 * of a backup. In one transaction. Nothing is published, since the topic has the events already.
 * @throws Error when the rows do not fit to what the service did since the restore
 */
export async function recover(
  service: PublishingService,
  database: pg.Client,
  kafka: Kafka,
): Promise<RecoverResult> {
  await database.query('BEGIN');
  try {
    const count = await copyEvents(service, database, kafka);
    const columns = await columnsIn(database);
    const done: { what: string; rows: number }[] = [];
    for (const { what, sql } of steps[service](columns)) {
      const { rowCount } = await database.query(sql);
      done.push({ what, rows: rowCount ?? 0 });
    }
    await database.query('COMMIT');
    return { events: count, steps: done };
  } catch (error) {
    await database.query('ROLLBACK').catch(() => undefined);
    if ((error as pg.DatabaseError).code !== CHECK_VIOLATION) throw error;
    throw new Error(
      `nothing was recovered: ${(error as Error).message} (${(error as pg.DatabaseError).detail ?? ''}). ` +
        `${service} has given away since the restore what the lost rows need. ` +
        'Restore the backup again, and recover before the service is started.',
      { cause: error },
    );
  }
}

async function copyEvents(
  service: PublishingService,
  database: pg.Client,
  kafka: Kafka,
): Promise<number> {
  await database.query(`
    CREATE TEMPORARY TABLE recovered (type text, key bigint, at timestamptz, data jsonb) ON COMMIT DROP`);
  let chunk: unknown[] = [];
  let count = 0;
  const write = async () => {
    await database.query(
      `INSERT INTO recovered
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS e(type text, key bigint, at timestamptz, data jsonb)`,
      [JSON.stringify(chunk)],
    );
    chunk = [];
  };
  await scanTopic(kafka, topology[service].publishes, async ({ message, headers }) => {
    const type = headers['ce_type'] ?? '';
    if (!isEventType(type)) return; // of a later version
    const parsed = events[type].data.safeParse(parse(message.value));
    if (!parsed.success) return; // a message that consumers do not accept either
    count += 1;
    const entries = Object.entries(parsed.data).map(([name, value]) => [snakeCase(name), value]);
    const data = Object.fromEntries(entries);
    chunk.push({ type, key: Number(message.key), at: headers['ce_time'], data });
    if (chunk.length >= CHUNK) await write();
  });
  await write();
  // A message that was published twice counts once.
  await database.query(`
    DELETE FROM recovered a USING recovered b
     WHERE a.type = b.type AND a.key = b.key AND a.ctid > b.ctid`);
  await database.query('ANALYZE recovered');
  return count;
}

function parse(value: Buffer | null): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    return undefined;
  }
}

const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function columnsIn(database: pg.Client): Promise<Columns> {
  const { rows } = await database.query<{ table: string; name: string; cast: string }>(
    `SELECT table_name AS table, column_name AS name, data_type AS cast
       FROM information_schema.columns
      WHERE table_schema = current_schema() AND is_generated = 'NEVER'`,
  );
  return (table, type) => {
    const fields = new Set(Object.keys(events[type].data.shape).map(snakeCase));
    return rows.filter((row) => row.table === table && fields.has(row.name));
  };
}

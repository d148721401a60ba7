import type { Environment } from '../environment.ts';
import { Convergence } from '../convergence.ts';
import { queryPostgres } from '../databases.ts';
import { INITIAL_STOCK } from '../stored-orders.ts';

/** A statement as PostgreSQL logged it, with its parameters as texts. */
export interface LoggedStatement {
  readonly sql: string;
  readonly parameters: readonly (string | null)[];
}

/** Ids that occur nowhere else in a statement, so that a script can vary them. */
export const ORDER_ID = 700_000_001;
export const EQUIPMENT_ID = 710_000_001;

/** The services with a PostgreSQL database. */
export type Database = 'order' | 'approval' | 'equipment';
export const DATABASES: readonly Database[] = ['order', 'approval', 'equipment'];

/** One line of PostgreSQL's log in JSON. */
export interface LogRecord {
  readonly dbname?: string;
  readonly pid?: number;
  readonly message: string;
  readonly detail?: string;
}

/** Places one order alone, and returns the statements that it caused, by database, in order. */
export async function captureOrder(
  environment: Environment,
): Promise<Record<Database, LoggedStatement[]>> {
  const { connections, infrastructure, suite } = environment;
  const { databases } = connections;
  const convergence = await Convergence.open(connections);
  try {
    const next = (table: string, id: number) =>
      `SELECT setval(pg_get_serial_sequence('${table}', 'id'), ${id}, false)`;
    await queryPostgres(databases.order, next('orders', ORDER_ID));
    await queryPostgres(databases.equipment, next('equipments', EQUIPMENT_ID));
    const gateway = suite.gateway[0].url;
    await post(`${gateway}/equipments`, { stock: INITIAL_STOCK });
    await convergence.verify();
    await logStatements(infrastructure.postgres.url, 'all');
    await post(`${gateway}/orders`, { qty: 1, equipmentId: EQUIPMENT_ID });
    await convergence.reached(ORDER_ID - 1, 1);
    await convergence.verify();
    await logStatements(infrastructure.postgres.url, 'none');
  } finally {
    await convergence.close();
  }
  const [log] = await queryPostgres<{ text: string }>(
    infrastructure.postgres.url,
    `SELECT pg_read_file(pg_current_logfile('jsonlog')) AS text`,
  );
  return statementsOfOrder(parseLog(log?.text ?? ''));
}

const parseLog = (text: string): LogRecord[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogRecord);

/**
 * The transactions that belong to the order, by database: those that name it, and those that remove its
 * events from an outbox.
 */
export function statementsOfOrder(
  records: readonly LogRecord[],
): Record<Database, LoggedStatement[]> {
  const kept: Record<Database, LoggedStatement[]> = { order: [], approval: [], equipment: [] };
  const open = new Map<number, LoggedStatement[]>();
  for (const { dbname, pid = 0, message, detail } of records) {
    const database = DATABASES.find((name) => name === dbname);
    const sql = /^(?:execute [^:]*|statement): ([\s\S]*)$/.exec(message)?.[1];
    if (database === undefined || sql === undefined) continue;
    const transaction = open.get(pid) ?? [];
    transaction.push({ sql: sql.trim(), parameters: parametersOf(detail) });
    const [first] = transaction;
    const isBlock = /^(BEGIN|START TRANSACTION)/i.test(first?.sql ?? '');
    if (isBlock && !/^(COMMIT|ROLLBACK)/i.test(sql)) open.set(pid, transaction);
    else {
      open.delete(pid);
      if (belongs(transaction)) kept[database].push(...transaction);
    }
  }
  return kept;
}

const belongs = (transaction: readonly LoggedStatement[]): boolean =>
  transaction.some(
    ({ sql, parameters }) =>
      sql.includes('DELETE FROM outbox') ||
      parameters.some((value) => value?.includes(String(ORDER_ID))) ||
      parameters.some((value) => value?.includes(String(EQUIPMENT_ID))),
  );

/** @param detail such as `Parameters: $1 = '{1}', $2 = NULL` */
export function parametersOf(detail = ''): (string | null)[] {
  const pairs = detail.matchAll(/\$\d+ = (?:NULL|'((?:[^']|'')*)')/g);
  return [...pairs].map(([, text]) => text?.replaceAll("''", "'") ?? null);
}

async function logStatements(postgresUrl: string, which: 'all' | 'none'): Promise<void> {
  await queryPostgres(postgresUrl, `ALTER SYSTEM SET log_statement = '${which}'`);
  await queryPostgres(postgresUrl, 'SELECT pg_reload_conf()');
}

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`POST ${url} answers ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

/** Runs a statement and returns its rows. */
type Query = (sql: string) => Promise<unknown>;

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The sizes of a table that a plan may depend on: empty, small, and large. */
export const TABLE_SIZES = [0, 10_000, 1_000_000] as const;

const FILLED = 10_000;

/**
 * Gives a table a size as PostgreSQL's planner sees it. A large table is a small one whose statistics
 * say so.
 * @param insert the start of an INSERT of {@link FILLED} rows from `n`, up to its SELECT
 */
export async function resize(
  query: Query,
  size: number,
  { table, insert }: { table: string; insert: string },
): Promise<void> {
  await query(`TRUNCATE ${table} CASCADE`);
  if (size === 0) return;
  await query(`${insert} FROM generate_series(1, ${FILLED}) AS n`);
  await query(`ANALYZE ${table}`);
  // the planner multiplies the rows per page by the pages that the table has
  await query(
    `SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', '${table}',
              'relpages', relpages, 'reltuples', ${size}::real)
       FROM pg_class WHERE oid = '${table}'::regclass`,
  );
}

/**
 * The tables that the generic plan of a statement reads without an index condition, each with the kind
 * of scan. A connection keeps the generic plan of a prepared statement.
 */
export async function scansWithoutIndex(query: Query, text: string): Promise<string[]> {
  const rows = await query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
  const [{ 'QUERY PLAN': plans }] = rows as [{ 'QUERY PLAN': { Plan: PlanNode }[] }];
  return plans.flatMap(({ Plan }) => unboundIn(Plan));
}

function unboundIn(node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table, Plans: plans = [] } = node;
  const isBound = 'Index Cond' in node || 'Recheck Cond' in node;
  const own =
    type.endsWith('Scan') && table !== undefined && !isBound ? [`${type} on ${table}`] : [];
  return [...own, ...plans.flatMap(unboundIn)];
}

/** Those of the given columns by which the first page of a list would sort the whole table. */
export async function sortsWithoutIndex(
  query: Query,
  table: string,
  columns: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const column of columns) {
    const page = `SELECT * FROM ${table} ORDER BY ${column}, id LIMIT 20`;
    const rows = await query(`EXPLAIN (FORMAT JSON) ${page}`);
    const [{ 'QUERY PLAN': plans }] = rows as [{ 'QUERY PLAN': { Plan: PlanNode }[] }];
    if (plans.some(({ Plan }) => sorts(Plan))) found.push(column);
  }
  return found;
}

/** An incremental sort only sorts rows that are equal by the index. */
const sorts = ({ 'Node Type': type, Plans: plans = [] }: PlanNode): boolean =>
  type === 'Sort' || plans.some(sorts);

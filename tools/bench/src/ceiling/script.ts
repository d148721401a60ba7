import { EQUIPMENT_ID, ORDER_ID, type Database, type LoggedStatement } from './capture.ts';

/** Far above the ids of other orders, so that each client of pgbench has a range of its own. */
const FIRST_ID = 800_000_000;
const IDS_PER_CLIENT = 1_000_000;

/**
 * A pgbench script that runs the statements for one more order. Only the first statement of order gives
 * the order its id; in the other databases the script counts. pgbench must define `n` as 0.
 * @param equipments the ids from 1 to this number are used
 */
export function pgbenchScript(
  database: Database,
  statements: readonly LoggedStatement[],
  equipments: number,
): string {
  const lines = [
    String.raw`\set n :n + 1`,
    String.raw`\set id ${FIRST_ID} + :client_id * ${IDS_PER_CLIENT} + :n`,
    String.raw`\set equipment random(1, ${equipments})`,
  ];
  for (const statement of statements) {
    const places = database === 'order' && statement.sql.includes('INSERT INTO orders');
    // \gset sets :id to the column id of the result
    lines.push(`${inlined(statement)}${places ? String.raw` \gset` : ';'}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The statement with its parameters as expressions, in which the ids are variables of pgbench. */
function inlined({ sql, parameters }: LoggedStatement): string {
  const own = `currval(pg_get_serial_sequence('outbox', 'id'))`;
  const removes = sql.includes('DELETE FROM outbox');
  return sql.replaceAll(/\$(\d+)(::)?/g, (_, number: string, cast = '') => {
    const value = parameters[Number(number) - 1] ?? null;
    if (value === null) return `NULL${cast}`;
    if (removes) return value.startsWith('{') ? `ARRAY[${own}]${cast}` : `${own}${cast}`;
    if (/^-?\d+$/.test(value)) return `${varied(value)}${cast}`;
    const isIds = /^\{[\d,]*\}$/.test(value) && cast === '';
    return `(${text(value)})${isIds ? '::bigint[]' : cast || '::text'}`;
  });
}

const VARIABLES: Readonly<Record<string, string>> = {
  [ORDER_ID]: ':id',
  [EQUIPMENT_ID]: ':equipment',
};
const IDS = new RegExp(`(${ORDER_ID}|${EQUIPMENT_ID})`);

const varied = (number: string): string => VARIABLES[number] ?? number;

/** A text as a concatenation of literals and variables. */
function text(value: string): string {
  const parts = value.split(IDS).filter((part) => part !== '');
  return parts
    .map((part) => (part in VARIABLES ? `${VARIABLES[part]}::text` : literal(part)))
    .join(' || ');
}

/** pgbench would take a colon before a letter for a variable, also inside a literal. */
const literal = (part: string): string =>
  `'${part.replaceAll("'", "''").replaceAll(/:(?=[A-Za-z_])/g, ': ')}'`;

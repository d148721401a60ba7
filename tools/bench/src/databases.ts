import { createConnection } from 'mysql2/promise';
import pg from 'pg';

const INT8 = 20; // PostgreSQL's type number
const NUMERIC = 1700;

// counts and sums here are far below 2^53
const types: pg.CustomTypesConfig = {
  getTypeParser: (type, format) =>
    type === INT8 || type === NUMERIC ? Number : pg.types.getTypeParser(type, format),
};

/** A connection that reads large integers as numbers. The caller ends it. */
export async function connectPostgres(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, types });
  await client.connect();
  return client;
}

/** Runs a statement over a connection of its own. @returns its rows */
export async function queryPostgres<T>(url: string, sql: string): Promise<T[]> {
  const client = await connectPostgres(url);
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

/** The same for MariaDB. The caller ends it. */
export const connectMariadb = (uri: string) =>
  createConnection({ uri, supportBigNumbers: true, decimalNumbers: true });

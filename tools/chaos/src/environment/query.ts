import pg from 'pg';

/** Runs one statement on a PostgreSQL database, over a connection of its own. @returns its rows */
export async function query<T>(connectionString: string, sql: string): Promise<T[]> {
  const int8 = 20; // PostgreSQL's type number; ids and counts here are far below 2^53
  const client = new pg.Client({
    connectionString,
    types: {
      getTypeParser: (type, format) =>
        type === int8 ? Number : pg.types.getTypeParser(type, format),
    },
  });
  client.on('error', () => undefined); // the server may be killed at any time
  try {
    await client.connect();
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

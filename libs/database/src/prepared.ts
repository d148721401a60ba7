import { QueryFailedError, type DataSource, type EntityManager } from 'typeorm';
import type { PoolClient } from 'pg';

/** A statement that a connection parses and plans once, and then runs by its name. */
export interface Prepared {
  /** Unique among the statements of one database. */
  readonly name: string;
  readonly text: string;
}

/**
 * Runs a prepared statement on PostgreSQL, inside the transaction if an entity manager of one is given.
 * An unnamed statement would be parsed and planned each time, which takes PostgreSQL more CPU time than
 * to run it. DATABASE_PREPARED_STATEMENTS=false makes it unnamed.
 * @returns the rows
 * @throws QueryFailedError as the queries of TypeORM do
 */
export async function runPrepared<Row>(
  database: DataSource | EntityManager,
  { name, text }: Prepared,
  values: unknown[],
): Promise<Row[]> {
  const own = 'createQueryRunner' in database ? database.createQueryRunner() : undefined;
  const runner = own ?? (database as EntityManager).queryRunner;
  if (runner === undefined) throw new Error('an entity manager outside a transaction');
  const connection: PoolClient = await runner.connect();
  try {
    const named = runner.dataSource.options.extra?.preparedStatements !== false;
    return (await connection.query({ ...(named && { name }), text, values })).rows;
  } catch (error) {
    // as TypeORM does after its own queries, so that the service notices a server that is read-only
    runner.dataSource.logger.logQueryError(error as Error, text, values, runner);
    throw new QueryFailedError(text, values, error as Error);
  } finally {
    await own?.release();
  }
}

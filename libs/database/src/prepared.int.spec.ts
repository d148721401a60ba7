import { freshDatabases } from '@equipmgnt/testing/jest';
import { readConfig } from '@equipmgnt/runtime';
import { AbstractLogger, DataSource, QueryFailedError } from 'typeorm';
import { postgresConfig, postgresOptions } from './options.ts';
import { runPrepared } from './prepared.ts';

/** Collects the statements that fail. */
class Failures extends AbstractLogger {
  constructor(private readonly failed: string[]) {
    super();
  }

  override logQueryError(_error: unknown, query: string): void {
    this.failed.push(query);
  }

  protected override writeLog(): void {}
}

describe('A prepared statement', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: DataSource;

  beforeAll(async () => (databases = await freshDatabases()));
  afterEach(() => database.destroy());
  afterAll(() => databases.drop());

  async function open(more: Record<string, string> = {}): Promise<void> {
    const config = readConfig(postgresConfig, { DATABASE_URL: databases.urls.order, ...more });
    const schema = { entities: [], migrations: [] };
    database = await new DataSource(postgresOptions('test', config, schema)).initialize();
  }

  const DOUBLE = { name: 'double', text: 'SELECT $1::int * 2 AS result, pg_backend_pid() AS pid' };
  const KEPT = `SELECT name, statement FROM pg_prepared_statements`;

  it('is kept by its connection', async () => {
    await open();
    expect(await runPrepared(database, DOUBLE, [21])).toMatchObject([{ result: 42 }]);
    expect(await runPrepared(database, DOUBLE, [4])).toMatchObject([{ result: 8 }]);
    expect(await database.query(KEPT)).toEqual([{ name: 'double', statement: DOUBLE.text }]);
  });

  it('is not kept if the configuration says so', async () => {
    await open({ DATABASE_PREPARED_STATEMENTS: 'false' });
    expect(await runPrepared(database, DOUBLE, [21])).toMatchObject([{ result: 42 }]);
    expect(await database.query(KEPT)).toEqual([]);
  });

  it('runs inside the transaction of an entity manager', async () => {
    await open();
    await database.transaction(async (manager) => {
      const [{ pid }] = await manager.query('SELECT pg_backend_pid() AS pid');
      expect(await runPrepared(manager, DOUBLE, [1])).toEqual([{ result: 2, pid }]);
    });
    await expect(runPrepared(database.manager, DOUBLE, [1])).rejects.toThrow('transaction');
  });

  it('logs a failure like other queries', async () => {
    await open();
    const logged: string[] = [];
    database.setOptions({ logger: new Failures(logged) });
    const text = 'SELECT 1 / $1::int AS logged';
    await expect(runPrepared(database, { name: 'logged', text }, [0])).rejects.toThrow('zero');
    await expect(database.query(text, [0])).rejects.toThrow('zero');
    expect(logged).toEqual([text, text]);
  });

  it('fails like other queries, and its connection stays usable', async () => {
    await open({ DATABASE_POOL_SIZE: '4' });
    const DIVIDE = { name: 'divide', text: 'SELECT 1 / $1::int' };
    for (let i = 0; i < 5; i += 1) {
      const failure = runPrepared(database, DIVIDE, [0]);
      await expect(failure).rejects.toThrow(QueryFailedError);
      await expect(failure).rejects.toMatchObject({ driverError: { code: '22012' } });
    }
    expect(await runPrepared(database, DOUBLE, [1])).toMatchObject([{ result: 2 }]);
  });
});

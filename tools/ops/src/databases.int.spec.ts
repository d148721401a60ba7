import { freshDatabases } from '@equipmgnt/testing/jest';
import { connectMis, connectPostgres, queryMis } from './databases.ts';

describe('The connections of npm run ops', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;

  beforeAll(async () => {
    databases = await freshDatabases();
  });
  afterAll(() => databases.drop());

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ORDER_DATABASE_URL: databases.urls.order,
    MIS_DATABASE_URL: databases.urls.mis,
    ...more,
  });

  it.each([{}, { DATABASE_TLS: 'false' }, { DATABASE_TLS: '' }])(
    'are not encrypted by default: %j',
    async (more) => {
      const order = await connectPostgres('order', environment(more));
      const mis = await connectMis(environment(more));
      expect((await order.query('SELECT current_database() AS name')).rows).toHaveLength(1);
      expect(await queryMis(mis, 'SELECT database() AS name')).toHaveLength(1);
      await Promise.all([order.end(), mis.end()]);
    },
  );

  // The servers of the tests have no TLS, so their refusal shows that it was asked for.
  it('use TLS when DATABASE_TLS is true', async () => {
    const encrypted = environment({ DATABASE_TLS: 'true' });
    await expect(connectPostgres('order', encrypted)).rejects.toThrow(
      /ORDER_DATABASE_URL.*does not support SSL/,
    );
    await expect(connectMis(encrypted)).rejects.toThrow(
      /MIS_DATABASE_URL.*(secure|SSL|certificate)/i,
    );
  });

  it('name the variable that is invalid', async () => {
    const invalid = environment({ DATABASE_TLS: 'yes' });
    await expect(connectMis(invalid)).rejects.toThrow(
      'DATABASE_TLS: expected true or false, got "yes"',
    );
    await expect(connectPostgres('order', { ORDER_DATABASE_URL: 'order-db' })).rejects.toThrow(
      'ORDER_DATABASE_URL: expected postgres://user:password@host:port/database',
    );
  });
});

import { readConfig } from '@equipmgnt/runtime';
import { mariadbConfig, mariadbOptions, postgresConfig, postgresOptions } from './options.ts';

const postgres = 'postgres://order:secret@order-db:5432/order';
const mariadb = 'mariadb://mis:secret@mis-db:3306/mis';
const schema = { entities: [], migrations: [] };

describe('The connection to a database', () => {
  it('verifies the certificate and the host name when TLS is on', () => {
    const config = readConfig(postgresConfig, { DATABASE_URL: postgres, DATABASE_TLS: 'true' });
    expect(postgresOptions('order', config, schema)).toMatchObject({ ssl: true });
    const other = readConfig(mariadbConfig, { DATABASE_URL: mariadb, DATABASE_TLS: 'true' });
    expect(mariadbOptions(other, schema)).toMatchObject({
      ssl: { rejectUnauthorized: true, verifyIdentity: true },
    });
  });

  it('uses no TLS by default', () => {
    const config = readConfig(postgresConfig, { DATABASE_URL: postgres });
    expect(postgresOptions('order', config, schema)).toMatchObject({ ssl: false });
    const other = readConfig(mariadbConfig, { DATABASE_URL: mariadb });
    expect(mariadbOptions(other, schema)).not.toHaveProperty('ssl');
  });

  it.each([
    [postgresConfig, `${postgres}?sslmode=require`],
    [postgresConfig, `${postgres}?SSL=1`],
    [mariadbConfig, `${mariadb}?ssl=%7B%7D`],
  ])('rejects a TLS parameter in the URL: %#', (schema, url) => {
    const read = () => readConfig(schema, { DATABASE_URL: url });
    expect(read).toThrow(/^DATABASE_URL: expected no ssl… parameter in it; DATABASE_TLS=true/);
    expect(read).not.toThrow(/secret/);
  });

  it.each([
    ['postgres://order:p%40ss%3A%2F@order-db/order', { host: 'order-db', password: 'p@ss:/' }],
    ['postgres://order@[fd00::1]:5433/order', { host: 'fd00::1', port: 5433, username: 'order' }],
    ['postgres://o%C3%A9@10.0.0.1:5433/a%20b', { username: 'oé', database: 'a b' }],
  ])('takes the parts of %s', (url, parts) => {
    const config = readConfig(postgresConfig, { DATABASE_URL: url });
    expect(postgresOptions('order', config, schema)).toMatchObject(parts);
    const other = readConfig(mariadbConfig, { DATABASE_URL: url.replace('postgres:', 'mysql:') });
    expect(mariadbOptions(other, schema)).toMatchObject(parts);
  });

  it.each([
    [`${postgres}?connect_timeout=3`, /expected no parameters/],
    ['postgres://order:secret@one,two/order', /expected one host/],
  ])('rejects %s', (url, message) => {
    expect(() => readConfig(postgresConfig, { DATABASE_URL: url })).toThrow(message);
  });
});

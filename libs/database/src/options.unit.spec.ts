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
});

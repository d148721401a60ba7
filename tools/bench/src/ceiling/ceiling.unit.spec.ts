import {
  EQUIPMENT_ID,
  ORDER_ID,
  parametersOf,
  statementsOfOrder,
  type LogRecord,
} from './capture.ts';
import { pgbenchScript } from './script.ts';

const log = (pid: number, dbname: string, sql: string, detail?: string): LogRecord => ({
  dbname,
  pid,
  message: `execute <unnamed>: ${sql}`,
  ...(detail !== undefined && { detail }),
});

describe('The captured statements', () => {
  it('have the parameters of the log, with NULLs and quotes', () => {
    expect(parametersOf(`Parameters: $1 = '{"a":"it''s"}', $2 = NULL, $3 = '7'`)).toEqual([
      `{"a":"it's"}`,
      null,
      '7',
    ]);
  });

  it('are those of the order and of its relay, not those of other transactions', () => {
    const found = statementsOfOrder([
      log(1, 'order', 'SELECT 1'),
      log(1, 'order', 'INSERT INTO orders', `Parameters: $1 = '${EQUIPMENT_ID}'`),
      log(2, 'order', 'START TRANSACTION'),
      log(3, 'order', 'START TRANSACTION'),
      log(3, 'order', 'SELECT FROM outbox'),
      log(2, 'order', 'DELETE FROM outbox WHERE id = ANY($1)', `Parameters: $1 = '{9}'`),
      log(3, 'order', 'COMMIT'),
      log(2, 'order', 'COMMIT'),
      log(4, 'postgres', 'SELECT $1', `Parameters: $1 = '${ORDER_ID}'`),
      { message: 'checkpoint starting: time' },
    ]);
    expect(found.order.map(({ sql }) => sql)).toEqual([
      'INSERT INTO orders',
      'START TRANSACTION',
      'DELETE FROM outbox WHERE id = ANY($1)',
      'COMMIT',
    ]);
    expect(found.approval).toEqual([]);
  });

  it('become a script in which the ids vary', () => {
    const json = `[{"orderId":${ORDER_ID},"at":"07:30:00","reason":null}]`;
    const script = pgbenchScript(
      'order',
      [
        { sql: 'INSERT INTO orders SELECT $1::jsonb', parameters: [json] },
        { sql: 'SELECT id = ANY($1), $2, $3', parameters: [`{${ORDER_ID}}`, '5', null] },
        { sql: 'DELETE FROM outbox WHERE id = ANY($1)', parameters: ['{9}'] },
      ],
      200,
    );
    expect(script.split('\n').slice(2)).toEqual([
      String.raw`\set equipment random(1, 200)`,
      String.raw`INSERT INTO orders SELECT ('[{"orderId":' || :id::text || ',"at":"07:30:00","reason": null}]')::jsonb \gset`,
      `SELECT id = ANY(('{' || :id::text || '}')::bigint[]), 5, NULL;`,
      `DELETE FROM outbox WHERE id = ANY(ARRAY[currval(pg_get_serial_sequence('outbox', 'id'))]);`,
      '',
    ]);
  });
});

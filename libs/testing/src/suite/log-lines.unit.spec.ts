import { formatLine } from './log-lines.ts';

const order = { service: 'order', name: 'order' } as const;
const noon = new Date(2026, 10, 22, 12, 0, 0, 7).getTime();
const line = (fields: object) =>
  JSON.stringify({ level: 30, time: noon, name: 'order', ...fields });

describe('formatLine', () => {
  it('shows time, service and message, and leaves out the level info', () => {
    expect(formatLine(order, line({ msg: 'listening' }), false)).toBe(
      'order      [12:00:00.007]: listening',
    );
  });

  it('shows levels other than info', () => {
    expect(formatLine(order, line({ level: 40, msg: 'slow' }), false)).toBe(
      'order      [12:00:00.007] WARN: slow',
    );
  });

  it('shows further fields as JSON, without pid and hostname', () => {
    const fields = {
      msg: 'taken',
      pid: 7,
      hostname: 'h',
      orderId: 1,
      who: 'J Doe',
      req: { id: 1 },
    };
    expect(formatLine(order, line(fields), false)).toBe(
      'order      [12:00:00.007]: taken {"orderId":1,"who":"J Doe","req":{"id":1}}',
    );
  });

  it('shortens trace ids and long values', () => {
    const shown = formatLine(order, line({ traceId: '4bf92f3577b3', sql: 'x'.repeat(500) }), false);
    expect(shown).toContain('"traceId":"4bf92f35"');
    expect(shown.length).toBeLessThan(200);
  });

  it('shows the message of an error once, and its stack for the levels error and fatal', () => {
    const err = { message: 'no route', stack: 'Error: no route\n    at connect (net.js:1:2)' };
    expect(formatLine(order, line({ level: 40, msg: 'again', err }), false)).toBe(
      'order      [12:00:00.007] WARN: again {"err":"no route"}',
    );
    expect(formatLine(order, line({ level: 50, msg: 'failed: no route', err }), false)).toBe(
      'order      [12:00:00.007] ERROR: failed: no route\n    at connect (net.js:1:2)',
    );
  });

  it.each(['Error: plain text', '{"not":"a log line"}', '{"level":30,', ''])(
    'keeps the text %j, which is not a log line of pino',
    (text) => {
      const [name, ...rest] = formatLine(order, text, false).trimStart().split(/ {6}/);
      expect([name, rest.join('')]).toEqual(['order', text]);
    },
  );

  it('uses colours only on request', () => {
    const escape = String.fromCharCode(27);
    expect(formatLine(order, line({ msg: 'x', id: 1 }), true)).toContain(`${escape}[`);
    expect(formatLine(order, line({ msg: 'x', id: 1 }), false)).not.toContain(escape);
  });
});

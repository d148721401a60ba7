import { correlationOf, traceparentFor, withCorrelation } from './correlation.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('Correlation', () => {
  it('uses the well-formed headers of the client', () => {
    expect(correlationOf({ 'x-request-id': 'abc-1', traceparent: TRACEPARENT })).toEqual({
      requestId: 'abc-1',
      traceparent: TRACEPARENT,
    });
  });

  it.each([
    ['nothing', {}],
    ['a line break', { 'x-request-id': 'a\nb', traceparent: `${TRACEPARENT}\n` }],
    [
      'values that are too long',
      { 'x-request-id': 'a'.repeat(129), traceparent: `${TRACEPARENT}-00` },
    ],
    ['zeros', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }],
  ])('is created when the client sends %s', (_, headers) => {
    const made = correlationOf(headers);
    expect(made.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('gives each event of a batch the trace of the message with the same key', () => {
    const traceparentByKey = new Map([['5', TRACEPARENT]]);
    withCorrelation({ traceparentByKey }, () => {
      expect(traceparentFor('5')).toBe(TRACEPARENT);
      expect(traceparentFor('6')).toBeUndefined();
    });
    expect(traceparentFor('5')).toBeUndefined();
  });
});

import { breakerRuleOf, readBreakerRule } from './destination-rule.ts';

const rule = (trafficPolicy: string): string =>
  `kind: DestinationRule\nspec:\n  trafficPolicy: ${trafficPolicy}\n`;

describe('DestinationRule dr-approval', () => {
  it('has the classic numbers', async () => {
    expect(await readBreakerRule()).toEqual({
      maxConnections: 1024,
      http1MaxPendingRequests: 1,
      maxRequestsPerConnection: 1,
      maxRetries: 3,
      consecutive5xxErrors: 2,
      interval: '1s',
      baseEjectionTime: '30s',
      maxEjectionPercent: 7,
    });
  });
});

describe('A DestinationRule', () => {
  it('may set only some numbers', () => {
    expect(breakerRuleOf(rule('{connectionPool: {tcp: {maxConnections: 1}}}'), 'dr')).toEqual({
      maxConnections: 1,
    });
    expect(breakerRuleOf(rule('{}'), 'dr')).toEqual({});
  });

  it.each([
    [
      '{connectionPool: {http: {maxPendingRequests: 1}}}',
      'maxPendingRequests',
      'connectionPool.http',
    ],
    ['{connectionPool: {tcp: {maxRetries: 3}}}', 'maxRetries', 'connectionPool.tcp'],
    ['{outlierDetection: {consecutiveErrors: 2}}', 'consecutiveErrors', 'outlierDetection'],
    ['{tls: {mode: DISABLE}}', 'tls', 'trafficPolicy'],
    ['{maxRetries: 3}', 'maxRetries', 'trafficPolicy'],
  ])('with %s is rejected with the name of the field', (policy, field, at) => {
    const message = new RegExp(`dr.yaml: .*Unrecognized key: "${field}".*${at}`, 's');
    expect(() => breakerRuleOf(rule(policy), 'dr.yaml')).toThrow(message);
  });

  it('must not be another kind of object', () => {
    for (const text of ['kind: Service', '']) {
      expect(() => breakerRuleOf(text, 'dr.yaml')).toThrow(
        /dr.yaml: .*DestinationRule|expected object/,
      );
    }
  });
});

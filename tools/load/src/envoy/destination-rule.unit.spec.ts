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
    expect(breakerRuleOf('kind: DestinationRule', 'dr')).toEqual({});
  });

  it.each([
    ['{connectionPool: {http: {maxPendingRequests: 1}}}', 'connectionPool.http.maxPendingRequests'],
    ['{connectionPool: {tcp: {maxRetries: 3}}}', 'connectionPool.tcp.maxRetries'],
    ['{outlierDetection: {consecutiveErrors: 2}}', 'outlierDetection.consecutiveErrors'],
    ['{tls: {mode: DISABLE}}', 'tls.mode'],
    ['{maxRetries: 3}', 'maxRetries'],
  ])('with %s is rejected with the name of the field', (policy, path) => {
    expect(() => breakerRuleOf(rule(policy), 'dr.yaml')).toThrow(
      `dr.yaml: trafficPolicy.${path} is not supported here`,
    );
  });

  it('must not be another kind of object', () => {
    expect(() => breakerRuleOf('kind: Service', 'dr.yaml')).toThrow(
      'dr.yaml: expected a DestinationRule, got Service',
    );
    expect(() => breakerRuleOf('', 'dr.yaml')).toThrow('got nothing');
  });
});

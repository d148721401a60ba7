import { bootstrap } from './bootstrap.ts';
import type { BreakerRule } from './destination-rule.ts';

const clusterFor = (rule: BreakerRule | undefined) => {
  const options = { port: 1, adminPort: 2, endpointsFile: 'endpoints.json', rule };
  return JSON.parse(JSON.stringify(bootstrap(options))).static_resources.clusters[0];
};
const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

describe("Envoy's cluster", () => {
  it('has each number of the rule in the field that Istio sets', () => {
    const cluster = clusterFor({
      maxConnections: 11,
      http1MaxPendingRequests: 12,
      maxRequestsPerConnection: 13,
      maxRetries: 14,
      consecutive5xxErrors: 15,
      interval: '16s',
      baseEjectionTime: '17s',
      maxEjectionPercent: 18,
    });
    expect(cluster.circuit_breakers.thresholds).toEqual([
      {
        max_connections: 11,
        max_pending_requests: 12,
        max_retries: 14,
        max_requests: 4_294_967_295,
      },
    ]);
    expect(cluster.typed_extension_protocol_options[OPTIONS].common_http_protocol_options).toEqual({
      max_requests_per_connection: 13,
    });
    expect(cluster.outlier_detection).toEqual({
      enforcing_success_rate: 0,
      consecutive_5xx: 15,
      enforcing_consecutive_5xx: 100,
      interval: '16s',
      base_ejection_time: '17s',
      max_ejection_percent: 18,
    });
  });

  it('has no limits without a rule', () => {
    const cluster = clusterFor(undefined);
    const [limits] = cluster.circuit_breakers.thresholds;
    expect(new Set(Object.values(limits))).toEqual(new Set([4_294_967_295]));
    expect(cluster.outlier_detection).toBeUndefined();
    expect(
      cluster.typed_extension_protocol_options[OPTIONS].common_http_protocol_options,
    ).toBeUndefined();
  });
});

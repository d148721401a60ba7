import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { BreakerRule } from './destination-rule.ts';

export interface BootstrapOptions {
  readonly port: number;
  readonly adminPort: number;
  /** The breaker. Without one there are no limits, as in Istio. */
  readonly rule: BreakerRule | undefined;
  /** The file with the addresses of approval's replicas, see endpointsOf(). */
  readonly endpointsFile: string;
}

const UNLIMITED = 4_294_967_295;
const HTTP = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** The Envoy configuration of bootstrap.yaml with these ports and limits. */
export function bootstrap({ port, adminPort, rule = {}, endpointsFile }: BootstrapOptions): object {
  const config = parse(readFileSync(join(import.meta.dirname, 'bootstrap.yaml'), 'utf8'));
  const [listener] = config.static_resources.listeners;
  const [cluster] = config.static_resources.clusters;
  const http = cluster.typed_extension_protocol_options[HTTP];
  config.admin.address = loopback(adminPort);
  listener.address = loopback(port);
  cluster.eds_cluster_config.eds_config.path_config_source.path = endpointsFile;
  const limits = {
    max_connections: rule.maxConnections ?? UNLIMITED,
    max_pending_requests: rule.http1MaxPendingRequests ?? UNLIMITED,
    max_retries: rule.maxRetries ?? UNLIMITED,
    max_requests: UNLIMITED,
  };
  cluster.circuit_breakers = { thresholds: [limits] };
  if (rule.maxRequestsPerConnection !== undefined) {
    const max_requests_per_connection = rule.maxRequestsPerConnection;
    http.common_http_protocol_options = { max_requests_per_connection };
  }
  if (rule.consecutive5xxErrors !== undefined) cluster.outlier_detection = outlierDetection(rule);
  return config;
}

const outlierDetection = (rule: BreakerRule): object => ({
  enforcing_success_rate: 0,
  consecutive_5xx: rule.consecutive5xxErrors,
  enforcing_consecutive_5xx: 100,
  // JSON has no undefined: what the rule does not set is left to Envoy's default
  interval: rule.interval,
  base_ejection_time: rule.baseEjectionTime,
  max_ejection_percent: rule.maxEjectionPercent,
});

/** The content of the endpoints file. */
export const endpointsOf = (ports: readonly number[]): object => ({
  resources: [
    {
      '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
      cluster_name: 'approval',
      endpoints: [
        { lb_endpoints: ports.map((port) => ({ endpoint: { address: loopback(port) } })) },
      ],
    },
  ],
});

const loopback = (port: number) => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});

import type { BreakerRule } from './destination-rule.ts';

export interface BootstrapOptions {
  readonly port: number;
  readonly adminPort: number;
  /** The breaker. Without one there are no limits, as in Istio. */
  readonly rule: BreakerRule | undefined;
  /** The file with the addresses of approval's replicas, see endpointsOf(). */
  readonly endpointsFile: string;
}

/** The name of the one cluster. */
export const CLUSTER = 'approval';

const UNLIMITED = 4_294_967_295;
const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });

/**
 * The Envoy configuration that Istio 1.28 generates for a sidecar that calls approval: the limits of
 * the DestinationRule, least-request balancing, no panic threshold, no route timeout. There are two
 * differences: the endpoints come from a file instead of istiod, and Envoy retries no request.
 */
export function bootstrap({ port, adminPort, rule, endpointsFile }: BootstrapOptions): object {
  return {
    node: { id: 'load', cluster: 'load' },
    admin: { address: loopback(adminPort) },
    static_resources: {
      listeners: [{ name: 'ingress', address: loopback(port), filter_chains: [filterChain()] }],
      clusters: [cluster(rule, endpointsFile)],
    },
  };
}

function cluster(rule: BreakerRule = {}, endpointsFile: string): object {
  const { maxRequestsPerConnection } = rule;
  return {
    name: CLUSTER,
    type: 'EDS',
    eds_cluster_config: {
      eds_config: { resource_api_version: 'V3', path_config_source: { path: endpointsFile } },
    },
    connect_timeout: '10s',
    lb_policy: 'LEAST_REQUEST',
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
    circuit_breakers: {
      thresholds: [
        {
          max_connections: rule.maxConnections ?? UNLIMITED,
          max_pending_requests: rule.http1MaxPendingRequests ?? UNLIMITED,
          max_retries: rule.maxRetries ?? UNLIMITED,
          max_requests: UNLIMITED,
        },
      ],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http_protocol_options: {} },
        ...(maxRequestsPerConnection !== undefined && {
          common_http_protocol_options: { max_requests_per_connection: maxRequestsPerConnection },
        }),
      },
    },
    ...outlierDetection(rule),
  };
}

function outlierDetection(rule: BreakerRule): object {
  const { consecutive5xxErrors, interval, baseEjectionTime, maxEjectionPercent } = rule;
  if (consecutive5xxErrors === undefined) return {};
  return {
    outlier_detection: {
      enforcing_success_rate: 0,
      consecutive_5xx: consecutive5xxErrors,
      enforcing_consecutive_5xx: 100,
      ...(interval !== undefined && { interval }),
      ...(baseEjectionTime !== undefined && { base_ejection_time: baseEjectionTime }),
      ...(maxEjectionPercent !== undefined && { max_ejection_percent: maxEjectionPercent }),
    },
  };
}

function filterChain(): object {
  const extensions = 'envoy.extensions';
  return {
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        typed_config: {
          ...type(`${extensions}.filters.network.http_connection_manager.v3.HttpConnectionManager`),
          stat_prefix: 'ingress',
          access_log: [
            {
              name: 'envoy.access_loggers.stdout',
              typed_config: {
                ...type(`${extensions}.access_loggers.stream.v3.StdoutAccessLog`),
                log_format: { text_format_source: { inline_string: ACCESS_LOG_FORMAT } },
              },
            },
          ],
          http_filters: [
            {
              name: 'envoy.filters.http.router',
              typed_config: type(`${extensions}.filters.http.router.v3.Router`),
            },
          ],
          route_config: {
            virtual_hosts: [
              {
                name: CLUSTER,
                domains: ['*'],
                routes: [{ match: { prefix: '/' }, route: { cluster: CLUSTER, timeout: '0s' } }],
              },
            ],
          },
        },
      },
    ],
  };
}

/** Equal to Istio's format up to the duration, so that one parser reads both. Our own fields follow. */
const ACCESS_LOG_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ' +
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  'overloaded=%RESP(X-ENVOY-OVERLOADED)% upstream=%UPSTREAM_REMOTE_ADDRESS%\n';

/** The content of the endpoints file. */
export const endpointsOf = (ports: readonly number[]): object => ({
  resources: [
    {
      ...type('envoy.config.endpoint.v3.ClusterLoadAssignment'),
      cluster_name: CLUSTER,
      endpoints: [
        { lb_endpoints: ports.map((port) => ({ endpoint: { address: loopback(port) } })) },
      ],
    },
  ],
});

const loopback = (port: number) => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});

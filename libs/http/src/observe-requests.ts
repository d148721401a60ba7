import type { FastifyInstance } from 'fastify';
import { isTracing, recordedTraceId, type MetricsRegistry } from '@equipmgnt/runtime';

/** Measures each request by its route, not by its URL: ids would create an unlimited number of series. */
export function measureRequests(server: FastifyInstance, metrics: MetricsRegistry): void {
  const duration = metrics.histogram<'method' | 'uri' | 'status' | 'trace_id'>({
    name: 'http_server_requests_seconds', // Micrometer's name, which existing dashboards use
    help: 'Duration of HTTP requests by route',
    labelNames: ['method', 'uri', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    enableExemplars: isTracing(),
  });
  server.addHook('onResponse', (request, reply, done) => {
    const value = reply.elapsedTime / 1_000;
    const labels = {
      method: request.method,
      uri: request.routeOptions.url ?? 'unknown',
      status: String(reply.statusCode),
    };
    if (isTracing()) {
      const traceId = recordedTraceId(request.trace);
      const exemplarLabels = traceId === undefined ? {} : { trace_id: traceId };
      duration.observe({ labels, value, exemplarLabels });
    } else duration.observe(labels, value);
    done();
  });
}

/** Logs one line for each request, except probes and metrics. */
export function logRequests(server: FastifyInstance): void {
  server.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    // the query of a sign-in has the issuer's code
    const url = request.url.startsWith('/auth/') ? request.url.split('?')[0]! : request.url;
    if (!url.startsWith('/actuator')) {
      const ms = Math.round(reply.elapsedTime);
      const location = reply.getHeader('location'); // names the new order
      const { statusCode: status } = reply;
      request.log.info(
        { method, url, status, ms, ...(status === 201 || status === 202 ? { location } : {}) },
        `${method} ${url}`,
      );
    }
    done();
  });
}

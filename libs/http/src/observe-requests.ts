import type { FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';

const duration = new Histogram({
  name: 'http_server_requests_seconds', // Micrometer's name, which dashboards of the original know
  help: 'Duration of HTTP requests by route',
  labelNames: ['method', 'uri', 'status'],
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** Measures each request by its route, never by its address: ids would make endless series. */
export function measureRequests(server: FastifyInstance): void {
  server.addHook('onResponse', (request, reply, done) => {
    duration.observe(
      {
        method: request.method,
        uri: request.routeOptions.url ?? 'unknown',
        status: String(reply.statusCode),
      },
      reply.elapsedTime / 1_000,
    );
    done();
  });
}

/** One line for each request, but for probes and metrics. */
export function logRequests(server: FastifyInstance): void {
  server.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request;
    if (!url.startsWith('/actuator')) {
      const ms = Math.round(reply.elapsedTime);
      request.log.info({ method, url, status: reply.statusCode, ms }, `${method} ${url}`);
    }
    done();
  });
}

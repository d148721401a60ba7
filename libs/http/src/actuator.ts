import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import {
  type Health,
  type HealthAnswer,
  type MetricsRegistry,
  type ServiceIdentity,
} from '@equipmgnt/runtime';
import { problem, sendProblem } from './problem.ts';

export interface ActuatorSources {
  readonly health: Health;
  readonly metrics: MetricsRegistry;
  readonly identity: ServiceIdentity;
}

/** How long a client of the management port may take to send a request, in ms. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The operational endpoints, at the paths and in the shapes of Spring Boot's actuator. */
export function addActuator(server: FastifyInstance, sources: ActuatorSources): void {
  const { metrics, identity } = sources;
  addHealth(server, sources.health, (answer) => answer);
  server.get('/actuator/prometheus', async (_request, reply) => {
    void reply.header('content-type', metrics.contentType);
    return metrics.text();
  });
  server.get('/actuator/info', async () => ({
    app: { name: identity.name, version: identity.version },
    node: { version: process.version },
    process: { pid: process.pid, uptimeSeconds: Math.round(process.uptime()) },
  }));
}

/** Health on a port that clients can reach: the status alone, without the names of its components. */
export const addPublicHealth = (server: FastifyInstance, health: Health): void =>
  addHealth(server, health, ({ status }) => ({ status }));

function addHealth(
  server: FastifyInstance,
  health: Health,
  shown: (answer: HealthAnswer) => object,
): void {
  const answer = async (reply: FastifyReply, checked: Promise<HealthAnswer>) => {
    const result = await checked;
    return reply.code(result.status === 'UP' ? 200 : 503).send(shown(result));
  };
  server.get('/actuator/health', (_request, reply) => answer(reply, health.overall()));
  server.get('/actuator/health/liveness', (_request, reply) => answer(reply, health.alive()));
  server.get('/actuator/health/readiness', (_request, reply) => answer(reply, health.ready()));
}

/**
 * Serves the actuator on a port of its own, as Spring Boot does with `management.server.port`. No limit of
 * the public port applies to it, so probes and metrics work while the process sheds load. It opens
 * before the public port and closes with it.
 */
export function serveActuator(
  server: FastifyInstance,
  address: { readonly host: string; readonly port: number },
  sources: ActuatorSources,
): void {
  const management = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true, // clients that keep a connection open must not delay the stop
  });
  addActuator(management, sources);
  management.setNotFoundHandler((request, reply) => {
    const detail = `Cannot ${request.method} ${request.url}`;
    sendProblem(reply, problem(404, 'no-such-resource', detail), request.url);
  });
  server.addHook('onReady', async () => {
    server.log.info(`management listens on ${await management.listen(address)}`);
  });
  server.addHook('onClose', () => management.close());
}

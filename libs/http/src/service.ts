import 'reflect-metadata';
import { hostname } from 'node:os';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Logger as NestPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import {
  createLogger,
  Health,
  MetricsRegistry,
  Pressure,
  type ProcessConfig,
} from '@equipmgnt/runtime';
import { authenticate } from './auth/authenticate.ts';
import { addActuator, addPublicHealth, serveActuator } from './actuator.ts';
import { createAdapter } from './adapter.ts';
import { limitConnections } from './connections.ts';
import { correlate } from './correlate.ts';
import { keepDescriptors } from './descriptors.ts';
import { drainWhenStopping } from './drain.ts';
import { checkHost } from './host.ts';
import { ignoreParameters } from './ignore-parameters.ts';
import { keepIdempotencyKeys } from './idempotency-key.ts';
import { countInFlight } from './in-flight.ts';
import { refuseOtherMethods } from './method-not-allowed.ts';
import { logRequests, measureRequests } from './observe-requests.ts';
import { openApiDocument, serveOpenApi, type ApiPaths } from './openapi.ts';
import { shedOverload } from './overload.ts';
import { ProblemFilter } from './problem.filter.ts';
import { describeAnswers } from './representation.ts';
import { ServiceModule } from './service.module.ts';
import { InputPipe } from './validation.ts';

export interface ServiceOptions {
  readonly name: string;
  readonly config: ProcessConfig;
  readonly module: Type | DynamicModule;
  /** Its HTTP paths, for its OpenAPI document. */
  readonly paths?: ApiPaths;
  /** Recognises errors of a database that is temporarily unavailable: they become 503, not 500. */
  readonly isTransient?: (error: unknown) => boolean;
  /**
   * Recognises those after which the data may be stored or not, so that a client should not repeat a
   * POST. Not needed where every POST is idempotent by itself.
   */
  readonly isOutcomeUnknown?: (error: unknown) => boolean;
  /**
   * The port of the actuator (0: any free one). The public port then shows only the status of health.
   * Without it, the public port has the whole actuator.
   */
  readonly managementPort?: number;
  /** The most concurrent requests of one client address; without it, there is no such limit. */
  readonly maxInFlightPerClient?: number;
  /** Log a line for each request. */
  readonly accessLog?: boolean;
  /** Adds plugins whose hooks run before sign-in, also for requests that it refuses. */
  readonly protect?: (server: FastifyInstance) => Promise<void>;
  /** Adds what Nest's modules cannot: message transports, plugins. */
  readonly prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

/**
 * Builds the application, ready to listen: HTTP edge, problem details, actuator, correlation. Several
 * applications can live in one process; each has its own metrics.
 */
export async function createService(
  options: ServiceOptions,
  logger = createLogger(options.name, options.config.LOG_LEVEL),
): Promise<NestFastifyApplication> {
  const adapter = createAdapter(logger, options.config);
  const server = adapter.getInstance();
  correlate(server);
  checkHost(server, options.config);
  ignoreParameters(server);
  describeAnswers(server);
  keepIdempotencyKeys(server);
  const otherMethods = refuseOtherMethods(server);
  const app = await createApplication(options, adapter, logger);
  guard(app, server, options);
  await options.protect?.(server);
  authenticate(server, options.config);
  measureRequests(server, app.get(MetricsRegistry));
  if (options.accessLog) logRequests(server);
  await app.init();
  exposeActuator(app, server, options);
  const { name, config, paths } = options;
  if (paths) serveOpenApi(server, openApiDocument(name, config.VERSION, paths));
  await options.prepare?.(app);
  otherMethods.complete();
  return app;
}

async function createApplication(
  { module, isTransient, isOutcomeUnknown }: ServiceOptions,
  adapter: FastifyAdapter,
  logger: Logger,
): Promise<NestFastifyApplication> {
  @Module({ imports: [ServiceModule, module] })
  class RootModule {}

  const app = await NestFactory.create<NestFastifyApplication>(RootModule, adapter, {
    // not from a module, because the start of the modules is logged too
    logger: new NestPinoLogger(new PinoLogger({ pinoHttp: { logger } }), {}),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(isTransient, isOutcomeUnknown));
  app.useGlobalPipes(new InputPipe());
  return app;
}

function exposeActuator(
  app: NestFastifyApplication,
  server: FastifyInstance,
  { name, config, managementPort }: ServiceOptions,
): void {
  const health = app.get(Health);
  const identity = { name, version: config.VERSION };
  const metrics = app.get(MetricsRegistry);
  const sources = { health, metrics, identity };
  metrics
    .gauge({
      name: 'service_info',
      help: 'Always 1; the labels name the process and its version',
      labelNames: ['name', 'version', 'instance'],
    })
    .set({ ...identity, instance: `${hostname()}:${process.pid}` }, 1);
  if (managementPort === undefined) return addActuator(server, sources);
  addPublicHealth(server, health);
  serveActuator(server, { host: config.HOST, port: managementPort }, sources);
}

/** Load shedding, and draining when the process stops: both look at the requests in flight. */
function guard(
  app: NestFastifyApplication,
  server: FastifyInstance,
  { config, maxInFlightPerClient }: ServiceOptions,
): void {
  const pressure = app.get(Pressure);
  const inFlight = countInFlight(server);
  keepDescriptors(server);
  limitConnections(server, app.get(MetricsRegistry));
  shedOverload(server, {
    inFlight,
    maxInFlight: config.MAX_IN_FLIGHT,
    maxInFlightPerClient,
    maxEventLoopDelayMs: config.MAX_EVENT_LOOP_DELAY_MS,
    saturated: () => pressure.high,
  });
  drainWhenStopping(server, {
    health: app.get(Health),
    inFlight,
    connectionsMs: config.CONNECTION_DRAIN_MS,
    shutdownMs: config.SHUTDOWN_TIMEOUT_MS,
  });
}

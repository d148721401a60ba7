import 'reflect-metadata';
import { Logger as NestLogger, Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Logger as NestPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import {
  ConfigError,
  type ProcessConfig,
  Health,
  createLogger,
  Pressure,
} from '@equipmgnt/runtime';
import { correlate } from './correlate.ts';
import { drainWhenStopping } from './drain.ts';
import { checkHost } from './host.ts';
import { countInFlight } from './in-flight.ts';
import { originForm, refuseMalformed } from './malformed.ts';
import { refuseOtherMethods } from './method-not-allowed.ts';
import { shedOverload } from './overload.ts';
import { problem, sendProblem } from './problem.ts';
import { ProblemFilter } from './problem.filter.ts';
import { logRequests, measureRequests } from './observe-requests.ts';
import { InputPipe } from './validation.ts';
import { ServiceModule } from './service.module.ts';

/** The largest request body in bytes; an order is about 50. */
const BODY_LIMIT = 64 * 1024;
/** How long a request may take to arrive, or callers that vanish while sending are in hand for ever. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How often that is looked after. */
const CONNECTION_CHECK_MS = 1_000;

export interface ServiceOptions {
  readonly name: string;
  readonly config: ProcessConfig;
  readonly module: Type | DynamicModule;
  /** Tells errors of a database that is away for the moment: they become 503, not 500. */
  readonly isTransient?: (error: unknown) => boolean;
  /**
   * Of these, tells those that may have come after all was stored, so that a POST is not to be sent
   * again; not needed where every POST is idempotent by itself.
   */
  readonly isOutcomeUnknown?: (error: unknown) => boolean;
  /** Log a line for each request. */
  readonly accessLog?: boolean;
  /** Adds to the application what Nest's modules cannot: message transports, plugins. */
  readonly prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

/** Builds the application, ready to listen: HTTP edge, problem details, actuator, correlation. */
export async function createService(options: ServiceOptions): Promise<NestFastifyApplication> {
  const { name, config } = options;
  const logger = createLogger(name, config.LOG_LEVEL);
  logWarnings(logger);
  @Module({
    imports: [ServiceModule.with({ name, version: config.VERSION }), options.module],
  })
  class RootModule {}

  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    childLoggerFactory: (parent: FastifyBaseLogger) => parent, // correlation comes from the logger itself
    logController: new LogController({ disableRequestLogging: true }), // see logRequests
    trustProxy: config.TRUSTED_PROXIES,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: REQUEST_TIMEOUT_MS, // Node takes the longer of the two for the whole request
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
    },
    clientErrorHandler: refuseMalformed,
    rewriteUrl: originForm,
    return503OnClosing: false, // requests on open connections are served to the end
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, problem(400, 'bad-request', error.message), request.url);
    },
  });
  const server = adapter.getInstance();
  acceptJsonOnly(server);
  correlate(server);
  checkHost(server);
  const otherMethods = refuseOtherMethods(server);

  const app = await NestFactory.create<NestFastifyApplication>(RootModule, adapter, {
    // not from a module: what is logged while the application is built must be seen meanwhile
    logger: new NestPinoLogger(new PinoLogger({ pinoHttp: { logger } }), {}),
    bodyParser: false,
    abortOnError: false,
  });
  const { isTransient = () => false, isOutcomeUnknown = () => false } = options;
  app.useGlobalFilters(new ProblemFilter(isTransient, isOutcomeUnknown));
  app.useGlobalPipes(new InputPipe());
  const pressure = app.get(Pressure);
  const inFlight = countInFlight(server);
  await shedOverload(server, {
    inFlight,
    maxInFlight: config.MAX_IN_FLIGHT,
    maxEventLoopDelayMs: config.MAX_EVENT_LOOP_DELAY_MS,
    saturated: () => pressure.high,
  });
  drainWhenStopping(server, {
    health: app.get(Health),
    inFlight,
    connectionsMs: config.CONNECTION_DRAIN_MS,
  });
  measureRequests(server);
  if (options.accessLog) logRequests(server);
  await app.init();
  await options.prepare?.(app);
  otherMethods.complete();
  return app;
}

/**
 * Runs a service as this process: builds it, listens, and stops it on SIGTERM or SIGINT. A
 * configuration error ends the process with a line for each bad variable.
 */
export async function runService(name: string, configure: () => ServiceOptions): Promise<void> {
  try {
    const options = configure();
    collectDefaultMetrics();
    STOP_SIGNALS.forEach((signal) => process.on(signal, quit));
    const app = await createService(options);
    STOP_SIGNALS.forEach((signal) => process.off(signal, quit));
    stopOnSignal(app, options);
    await app.startAllMicroservices();
    await app.listen(options.config.PORT, options.config.HOST);
  } catch (error) {
    const lines = error instanceof ConfigError ? error.message : (error as Error).stack;
    process.stderr.write(`${name} cannot start:\n${lines}\n`);
    process.exit(1);
  }
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * While it starts, nothing is in hand, though it may wait for its database for long. The first
 * process of a container has to handle a signal to be ended by it.
 */
const quit = (): never => process.exit(0);

/**
 * Stopping loses nothing: readiness goes first, then consumers and relay finish what is in hand,
 * then HTTP, then the databases (Nest's shutdown hooks, in this order).
 */
function stopOnSignal(app: NestFastifyApplication, { name, config }: ServiceOptions): void {
  const logger = new NestLogger('Process');
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.log(`${signal}: finishing requests and messages in flight`);
    app.get(Health).stop();
    setTimeout(() => {
      logger.error(`${name} did not stop within ${config.SHUTDOWN_TIMEOUT_MS} ms, ending it`);
      process.exit(1);
    }, config.SHUTDOWN_TIMEOUT_MS).unref();
    app.close().then(
      () => {
        logger.log('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  STOP_SIGNALS.forEach((signal) => process.on(signal, stop));
}

/** Node's own warnings become log lines like all others. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // kafkajs computes a wait that may lie in the past; Node takes it for 1 ms, as is meant
    if (warning.name !== 'TimeoutNegativeWarning') logger.warn(warning, warning.message);
  });
}

/**
 * JSON is read (also as `application/…+json`, such as merge patches); anything else is 415. Without
 * this, Fastify would take plain text for a body.
 */
function acceptJsonOnly(server: FastifyInstance): void {
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser(
    /^application\/[\w.-]+\+json/,
    { parseAs: 'string' },
    server.getDefaultJsonParser('error', 'error'),
  );
}

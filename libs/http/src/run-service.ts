import { Logger as NestLogger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import {
  ConfigError,
  createLogger,
  flushTraces,
  Health,
  MetricsRegistry,
} from '@equipmgnt/runtime';
import { isSignInRequired } from './auth/authenticate.ts';
import { createService, type ServiceOptions } from './service.ts';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs a service as this process: builds it, listens, and stops it on SIGTERM or SIGINT. A
 * configuration error ends the process with a line for each bad variable.
 */
export async function runService(name: string, configure: () => ServiceOptions): Promise<void> {
  try {
    const options = configure();
    const logger = createLogger(name, options.config.LOG_LEVEL);
    logWarnings(logger);
    if (!isSignInRequired(options.config)) {
      logger.warn('sign-in is optional: requests without a token may do everything');
    }
    STOP_SIGNALS.forEach((signal) => process.on(signal, quit));
    const app = await createService(options, logger);
    app.get(MetricsRegistry).collectProcessMetrics();
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

/**
 * Ends the process while it starts, when nothing is in flight and it may wait long for its database.
 * Without a handler, the first process of a container would ignore the signal.
 */
const quit = (): never => process.exit(0);

/**
 * Stopping loses nothing: readiness fails first, then consumers and relay finish their work, then HTTP
 * closes, then the databases (Nest's shutdown hooks, in this order).
 */
function stopOnSignal(app: NestFastifyApplication, { name, config }: ServiceOptions): void {
  const logger = new NestLogger('Process');
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.log(`${signal}: finishing requests and messages in flight`);
    app.get(Health).stop(config.SHUTDOWN_TIMEOUT_MS);
    setTimeout(() => {
      logger.error(`${name} did not stop within ${config.SHUTDOWN_TIMEOUT_MS} ms, exiting`);
      process.exit(1);
    }, config.SHUTDOWN_TIMEOUT_MS).unref();
    app.close().then(
      async () => {
        logger.log('stopped');
        await flushTraces().catch((error: unknown) =>
          logger.warn({ err: error }, 'traces are lost'),
        );
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

/** Writes Node's warnings to the log instead of stderr. Only for the entry of a process. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // kafkajs may compute a wait that lies in the past; Node then waits 1 ms, which is right
    if (warning.name !== 'TimeoutNegativeWarning') logger.warn(warning, warning.message);
  });
}

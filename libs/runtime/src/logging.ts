import { pino, type Logger } from 'pino';
import { currentCorrelation, traceIdOf } from './correlation.ts';

/** Startup noise: Nest logs every module and route, which is useful only for debugging. */
const STARTUP_NOISE = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * A logger that writes one JSON object per line to stdout. It writes synchronously, so that the last
 * lines of a crashing process are not lost. Each line has the correlation of the current work.
 */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      base: { name },
      mixin: () => {
        const { requestId, traceparent, traceparentByKey } = currentCorrelation();
        const trace = traceparent ?? (traceparentByKey?.size === 1 ? only(traceparentByKey) : '');
        return { ...(requestId && { requestId }), ...(trace && { traceId: traceIdOf(trace) }) };
      },
      hooks: {
        logMethod(args, method, level) {
          const { context } = (args[0] ?? {}) as { context?: string };
          const isStartupNoise =
            level === pino.levels.values['info'] && STARTUP_NOISE.has(context ?? '');
          if (!isStartupNoise) method.apply(this, args);
          else this.debug(...args);
        },
      },
      redact: ['req.headers.authorization', 'req.headers.cookie', '*.password'],
    },
    // a full disk or a closed pipe loses lines, but must not end the process
    pino.destination({ dest: 1, sync: true }).on('error', () => undefined),
  );
}

const only = (traces: ReadonlyMap<string, string>): string | undefined => [...traces.values()][0];

import { pino, type Logger } from 'pino';
import { currentCorrelation } from './correlation.ts';

/** What Nest says of every module and route at start; of use to developers only. */
const CHATTER = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * The process's logger: one JSON object a line on stdout, written synchronously so that the last
 * words of a dying process are not lost. Each line carries the correlation of the work in hand.
 */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      base: { name },
      mixin: () => {
        const { requestId, traceparent } = currentCorrelation();
        return {
          ...(requestId && { requestId }),
          ...(traceparent && { traceId: traceparent.slice(3, 35) }),
        };
      },
      hooks: {
        logMethod(args, method, level) {
          const { context } = (args[0] ?? {}) as { context?: string };
          const isChatter = level === pino.levels.values['info'] && CHATTER.has(context ?? '');
          if (!isChatter) method.apply(this, args);
          else this.debug(...args);
        },
      },
      redact: ['req.headers.authorization', 'req.headers.cookie', '*.password'],
    },
    pino.destination({ dest: 1, sync: true }),
  );
}

import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError } from 'rxjs';
import { isRepeatable } from './idempotency-key.ts';
import { problem, RETRY_AFTER_S, sendProblem, toProblem, Unavailable } from './problem.ts';

const AWAY = 'The database does not answer; try again shortly.';
const UNKNOWN =
  'The database went away meanwhile, so this may be stored or not: look before you send it again.';

/**
 * The one place where errors become answers: problem+json over HTTP. What is the caller's mistake
 * is not logged as an error of ours. Errors of message handlers go on to the transport unchanged,
 * which retries or dead-letters them.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  /**
   * @param isTransient tells errors of a database that is away for the moment
   * @param mayHaveWorked tells those after which nobody knows what was stored
   */
  constructor(
    private readonly isTransient: (error: unknown) => boolean,
    private readonly mayHaveWorked: (error: unknown) => boolean,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return throwError(() => thrown);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (hungUp(thrown, request)) {
      const aborted = problem(400, 'request-aborted', 'The body ended early.'); // read by nobody
      return sendProblem(reply, aborted, request.url);
    }
    const transient = this.isTransient(thrown);
    const unknown = transient && this.mayHaveWorked(thrown) && !isRepeatable(request);
    const refusal = toProblem(
      transient ? new Unavailable(unknown ? UNKNOWN : AWAY, 'database-unavailable') : thrown,
    );
    if (refusal.status === 503 && !unknown) void reply.header('retry-after', RETRY_AFTER_S);
    if (transient)
      this.logger.warn({ err: thrown }, `${request.method} ${request.url}: no database`);
    else if (refusal.status === 500)
      this.logger.error({ err: thrown }, `${request.method} ${request.url} failed`);
    return sendProblem(reply, refusal, request.url);
  }
}

/** Whether the caller went away while sending, which looks like any connection that is lost. */
const hungUp = (error: unknown, { raw }: FastifyRequest): boolean =>
  raw.readableAborted && (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET';

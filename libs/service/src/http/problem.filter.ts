import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError } from 'rxjs';
import { RETRY_AFTER_S, sendProblem, toProblem, Unavailable } from './problem.ts';

/**
 * The one place where errors become answers: problem+json over HTTP. What is the caller's mistake
 * is not logged as an error of ours. Errors of message handlers go on to the transport unchanged,
 * which retries or dead-letters them.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  /** @param isTransient tells errors of a database that is away for the moment. */
  constructor(private readonly isTransient: (error: unknown) => boolean) {}

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return throwError(() => thrown);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const transient = this.isTransient(thrown);
    const problem = toProblem(
      transient
        ? new Unavailable(
            'The database does not answer; try again shortly.',
            'database-unavailable',
          )
        : thrown,
    );
    if (problem.status === 503) void reply.header('retry-after', RETRY_AFTER_S);
    if (transient)
      this.logger.warn({ err: thrown }, `${request.method} ${request.url}: no database`);
    else if (problem.status === 500)
      this.logger.error({ err: thrown }, `${request.method} ${request.url} failed`);
    return sendProblem(reply, problem, request.url);
  }
}

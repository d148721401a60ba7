import { NotYet } from '@equipmgnt/kernel';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError } from 'rxjs';
import { isRepeatable } from './idempotency-key.ts';
import { problem, RETRY_AFTER_S, sendProblem, toProblem, Unavailable } from './problem.ts';

const UNAVAILABLE = 'The database is unavailable. Try again shortly.';
const UNKNOWN =
  'The connection to the database was lost, so the data may be stored or not: check before you retry.';

/**
 * The one place where errors become answers: problem+json over HTTP. A client's mistake is not
 * logged as an error. Errors of message handlers pass unchanged to the transport, which retries the
 * messages or moves them to a dead-letter topic.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  /**
   * @param isTransient recognises errors of a database that is temporarily unavailable
   * @param isOutcomeUnknown recognises those after which the data may be stored or not
   */
  constructor(
    private readonly isTransient: (error: unknown) => boolean = () => false,
    private readonly isOutcomeUnknown: (error: unknown) => boolean = () => false,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return throwError(() => thrown);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (clientAborted(thrown, request)) {
      const aborted = problem(400, 'request-aborted', 'The body ended early.'); // the client is gone
      return sendProblem(reply, aborted, request.url);
    }
    const transient = this.isTransient(thrown);
    const unknown = transient && this.isOutcomeUnknown(thrown) && !isRepeatable(request);
    const refusal = toProblem(
      transient ? new Unavailable(unknown ? UNKNOWN : UNAVAILABLE, 'database-unavailable') : thrown,
    );
    const isTemporary = (refusal.status === 503 && !unknown) || thrown instanceof NotYet;
    if (isTemporary) void reply.header('retry-after', RETRY_AFTER_S);
    // the service logs when its database becomes unavailable; here it would be a line for each request
    if (transient && !unknown)
      this.logger.debug({ err: thrown }, `${request.method} ${request.url}: database unavailable`);
    else if (transient)
      this.logger.warn(`${request.method} ${request.url}: ${(thrown as Error).message}`);
    else if (refusal.status === 500)
      this.logger.error({ err: thrown }, `${request.method} ${request.url} failed`);
    return sendProblem(reply, refusal, request.url);
  }
}

/** Whether the client closed the connection while sending; the error code is that of any lost connection. */
const clientAborted = (error: unknown, { raw }: FastifyRequest): boolean =>
  raw.readableAborted && (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET';

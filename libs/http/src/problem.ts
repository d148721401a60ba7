import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DomainError, NotYet, type ErrorKind } from '@equipmgnt/kernel';

export const PROBLEM_JSON = 'application/problem+json';

/** One invalid part of a request. */
export interface FieldError {
  /** Where the field is. */
  readonly in: 'body' | 'query' | 'path' | 'header';
  /** JSON pointer to the field, as a URI fragment: `#/qty`. */
  readonly pointer: string;
  /** The expected value and the actual one. */
  readonly detail: string;
}

/** RFC 9457 problem details. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  /** How many items a view may lack, up to the requested one. */
  readonly behind?: number;
}

/** A request that does not match its schema. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map((error) => `${error.pointer}: ${error.detail}`).join('; '));
  }
}

/** A body that is JSON for the parser, but that no handler can use. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
}

/** This process cannot handle the request now; the same request may succeed in a few seconds. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';

  constructor(
    message: string,
    readonly code: 'overloaded' | 'database-unavailable' | 'sign-in-unavailable',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Seconds that a client should wait before it retries (`Retry-After`). */
export const RETRY_AFTER_S = 2;

const STATUS_OF: Record<ErrorKind, number> = {
  missing: 404,
  conflict: 409,
  unprocessable: 422,
};

/** A problem of this suite; `code` is stable and the last segment of `type`. */
export const problem = (
  status: number,
  code: string,
  detail: string,
  errors?: readonly FieldError[],
): Problem => ({
  type: `urn:equipmgnt:problem:${code}`,
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail,
  ...(errors && { errors }),
});

/** Answers with a problem. @param url of the request; its query is left out */
export const sendProblem = (reply: FastifyReply, what: Problem, url: string): FastifyReply =>
  reply
    .code(what.status)
    .header('content-type', PROBLEM_JSON)
    .send({ ...what, instance: url.split('?', 1)[0] });

/** The problem of an error. An unexpected error shows no details to the client. */
export function toProblem(error: unknown): Problem {
  if (error instanceof InvalidInput) {
    const count = error.errors.length;
    const fields = `${count} invalid ${count === 1 ? 'field' : 'fields'}`;
    return problem(400, 'invalid-input', `The request has ${fields}.`, error.errors);
  }
  if (error instanceof MalformedBody) return problem(400, 'malformed-json', error.message);
  if (error instanceof DomainError) {
    const refusal = problem(STATUS_OF[error.kind], error.code, error.message);
    return error instanceof NotYet ? { ...refusal, behind: error.behind } : refusal;
  }
  if (error instanceof Unavailable) return problem(503, error.code, error.message);
  if (error instanceof HttpException) return fromHttpException(error);
  return problem(
    500,
    'internal-error',
    'An unexpected error occurred; the log has its cause under the request id.',
  );
}

/** Errors of Fastify and Nest themselves, by the code of their cause. */
function fromHttpException(error: HttpException): Problem {
  const cause = error.cause as { code?: string } | undefined;
  const status = error.getStatus();
  switch (cause?.code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return problem(status, 'malformed-json', 'The body is not valid JSON.');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return problem(status, 'malformed-json', 'The body is empty; a JSON object was expected.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem(status, 'body-too-large', 'The body is larger than this service accepts.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem(status, 'unsupported-media-type', 'Send the body as application/json.');
  }
  if (status === 429) return problem(429, 'too-many-requests', error.message);
  if (status === 404) return problem(404, 'no-such-resource', error.message);
  return problem(status, 'bad-request', error.message);
}

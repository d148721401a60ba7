import { Injectable, StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { z } from 'zod';
import { InvalidInput, type FieldError } from './problem.ts';

/** A value of a client in a message, shortened. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const DIGITS = /^\d{1,16}$/;

/**
 * A whole number in a range, as a JSON number or as a string: HTTPie's `qty=2` and the classic siege
 * line send strings, and the original accepted both.
 */
export const wholeNumber = (min: number, max: number) => {
  const expected = `expected a whole number from ${min} to ${max}`;
  const error = (issue: { input?: unknown }) =>
    issue.input === undefined
      ? `${expected}, it is missing`
      : `${expected}, got ${shown(issue.input)}`;
  return z
    .union([z.number(), z.string()], { error })
    .transform((value, context) => {
      const number = typeof value === 'number' || DIGITS.test(value) ? Number(value) : NaN;
      if (Number.isInteger(number) && number >= min && number <= max) return number;
      context.addIssue({ code: 'custom', message: `${expected}, got ${shown(value)}` });
      return z.NEVER;
    })
    .meta({
      override: {
        anyOf: [
          { type: 'integer', minimum: min, maximum: max },
          { type: 'string', pattern: DIGITS.source },
        ],
      },
    });
};

/** One of some texts, such as a status. */
export const oneOf = <const T extends string>(values: readonly T[]) =>
  z.enum(values, {
    error: ({ input }) => `expected one of ${values.join(', ')}, got ${shown(input)}`,
  });

/** The id of a resource, in a path or a body. */
export const resourceId = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** Path parameters of a single resource. */
export const byId = z.object({ id: resourceId });

/** A JSON pointer (RFC 6901) as a URI fragment. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  `#${path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;

const IN = { body: 'body', query: 'query', param: 'path', custom: 'header' } as const;

/** Validates each argument that has a schema, and reports the pointer of every invalid field. */
@Injectable()
export class InputPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const schema = metadata.schema as z.ZodType<T> | undefined;
    if (!schema) return value;
    this.stripProtoKeys(value);
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw new InvalidInput(
      result.error.issues.flatMap((issue) => toErrors(issue, IN[metadata.type])),
    );
  }
}

function toErrors(issue: z.core.$ZodIssue, where: FieldError['in']): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      in: where,
      pointer: pointerTo([...issue.path, key]),
      detail: 'unknown field',
    }));
  }
  return [{ in: where, pointer: pointerTo(issue.path), detail: issue.message }];
}

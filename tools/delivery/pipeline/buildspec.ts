import { parse } from 'yaml';
import { z } from 'zod';

const phase = z.strictObject({
  'runtime-versions': z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  'on-failure': z.enum(['ABORT', 'CONTINUE']).optional(),
  commands: z.array(z.string()).min(1),
  finally: z.array(z.string()).min(1).optional(),
});

const files = z.strictObject({
  files: z.array(z.string()).min(1),
  'base-directory': z.string().default('.'),
});

/**
 * The parts of a buildspec that this project uses. Anything else is an error, because CodeBuild may
 * ignore unknown fields. https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
 */
const buildspec = z.strictObject({
  version: z.literal(0.2),
  env: z.strictObject({
    shell: z.literal('bash'),
    variables: z.record(z.string(), z.string()).default({}),
    'exported-variables': z.array(z.string()).default([]),
  }),
  phases: z.strictObject({
    install: phase.optional(),
    pre_build: phase.optional(),
    build: phase,
    post_build: phase.optional(),
  }),
  artifacts: files.optional(),
  reports: z.record(z.string(), files.extend({ 'file-format': z.enum(['JUNITXML']) })).default({}),
  cache: z.strictObject({ paths: z.array(z.string()) }).optional(),
});

export type Buildspec = z.infer<typeof buildspec>;
export type Phase = z.infer<typeof phase>;

/** @throws ZodError with each place that is not valid in a buildspec */
export const parseBuildspec = (text: string): Buildspec => buildspec.parse(parse(text));

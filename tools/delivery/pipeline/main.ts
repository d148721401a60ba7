import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { REPOSITORY } from '@equipmgnt/testing';
import { runBuild } from './build.ts';
import { parseBuildspec } from './buildspec.ts';

/**
 * npm run pipeline: runs buildspec.yml on this machine, as CodeBuild does, with the docker, kubectl and
 * aws on PATH. REGISTRY sets another registry than ECR. With tools/delivery/pipeline/stand-ins first on
 * PATH, no command has an effect: each call is only written to STAND_IN_LOG.
 */
const commit = execFileSync('git', ['rev-parse', 'HEAD'], {
  cwd: REPOSITORY,
  encoding: 'utf8',
}).trim();

const outcome = await runBuild(
  parseBuildspec(readFileSync(join(REPOSITORY, 'buildspec.yml'), 'utf8')),
  {
    folder: REPOSITORY,
    environment: {
      CODEBUILD_RESOLVED_SOURCE_VERSION: commit,
      CODEBUILD_SRC_DIR: REPOSITORY,
      ...process.env,
    },
    say: (text) => console.log(styleText('bold', text)),
  },
);

for (const [name, value] of Object.entries(outcome.exported)) console.log(`${name}=${value ?? ''}`);
for (const file of outcome.missing) console.error(`${file} is missing: a report needs it`);
console.log(
  outcome.succeeded
    ? styleText('green', 'The build succeeded.')
    : styleText('red', 'The build failed.'),
);
process.exitCode = outcome.succeeded ? 0 : 1;

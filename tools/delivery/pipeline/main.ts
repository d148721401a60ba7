import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { runBuild } from './build.ts';
import { parseBuildspec } from './buildspec.ts';

/**
 * npm run pipeline: runs buildspec.yml here, as CodeBuild would, with what docker, kubectl and aws on
 * the PATH reach. REGISTRY names another registry than ECR; with tools/delivery/pipeline/stand-ins first on
 * the PATH, nothing is reached, and what would be done is written to STAND_IN_LOG.
 */
const folder = resolve(import.meta.dirname, '../../..');
const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim();

const outcome = await runBuild(
  parseBuildspec(readFileSync(join(folder, 'buildspec.yml'), 'utf8')),
  {
    folder,
    environment: {
      CODEBUILD_RESOLVED_SOURCE_VERSION: commit,
      CODEBUILD_SRC_DIR: folder,
      ...process.env,
    },
    say: (text) => console.log(styleText('bold', text)),
  },
);

for (const [name, value] of Object.entries(outcome.exported)) console.log(`${name}=${value ?? ''}`);
for (const file of outcome.missing) console.error(`${file} is missing, which is to be reported`);
console.log(
  outcome.succeeded
    ? styleText('green', 'The build has succeeded.')
    : styleText('red', 'The build has failed.'),
);
process.exitCode = outcome.succeeded ? 0 : 1;

import { execFile } from 'node:child_process';
import { REPOSITORY } from '@equipmgnt/testing';

/** The tag of the images in this check. It differs from every released version. */
export const TAG = 'check';

/**
 * A separate compose project with the documented defaults and a free port, so that the check does not
 * affect a suite that already runs on this machine.
 */
export const ENVIRONMENT = {
  ...process.env,
  COMPOSE_PROJECT_NAME: 'equipment-rental-check',
  COMPOSE_ENV_FILES: '.env.example',
  COMPOSE_PROGRESS: 'plain',
  DOCKER_BUILDKIT: '1',
  GATEWAY_PORT: '0',
  ISSUER_PORT: '18085',
  AUTH_ISSUER: 'http://issuer.localhost:18085',
  IMAGE_TAG: TAG,
};

// The end of a build's output shows why it failed.
const SHOWN_CHARACTERS = 2_000;

/**
 * Runs docker in the repository, and returns its output.
 * @throws Error with the end of the output when docker fails
 */
export function docker(...args: string[]): Promise<string> {
  const options = { cwd: REPOSITORY, env: ENVIRONMENT, maxBuffer: 2 ** 26 };
  return new Promise((done, failed) => {
    execFile('docker', args, options, (error, stdout, stderr) => {
      if (!error) return done(stdout.trim());
      const said = `${stdout}\n${stderr}`.trim().slice(-SHOWN_CHARACTERS);
      const why = error.code === 'ENOENT' ? 'there is no docker on the PATH' : said;
      failed(new Error(`docker ${args.join(' ')} failed: ${why}`));
    });
  });
}

export const compose = (...args: string[]): Promise<string> => docker('compose', ...args);

/** The output of docker inspect for an image or a container. */
export async function inspect<T>(kind: 'image' | 'container', name: string): Promise<T> {
  const [description] = JSON.parse(await docker(kind, 'inspect', name)) as T[];
  if (description === undefined) throw new Error(`there is no ${kind} ${name}`);
  return description;
}

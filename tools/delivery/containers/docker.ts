import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** The images' tag in this check, which is no version of anyone's. */
export const TAG = 'check';

/**
 * A compose project of its own, with the documented defaults and a free port, so that the check
 * harms no suite that runs here.
 */
export const ENVIRONMENT = {
  ...process.env,
  COMPOSE_PROJECT_NAME: 'equipment-rental-check',
  COMPOSE_ENV_FILES: '.env.example',
  COMPOSE_PROGRESS: 'plain',
  DOCKER_BUILDKIT: '1',
  GATEWAY_PORT: '0',
  IMAGE_TAG: TAG,
};

// of a build's output, what tells why it failed
const TOLD_CHARACTERS = 2_000;

/**
 * Runs docker in the repository, and returns what it prints.
 * @throws Error with what it says when it fails
 */
export function docker(...args: string[]): Promise<string> {
  const options = { cwd: REPOSITORY, env: ENVIRONMENT, maxBuffer: 2 ** 26 };
  return new Promise((done, failed) => {
    execFile('docker', args, options, (error, stdout, stderr) => {
      if (!error) return done(stdout.trim());
      const said = `${stdout}\n${stderr}`.trim().slice(-TOLD_CHARACTERS);
      const why = error.code === 'ENOENT' ? 'there is no docker on the PATH' : said;
      failed(new Error(`docker ${args.join(' ')} failed: ${why}`));
    });
  });
}

export const compose = (...args: string[]): Promise<string> => docker('compose', ...args);

/** What docker knows of an image or a container. */
export async function inspect<T>(kind: 'image' | 'container', name: string): Promise<T> {
  const [description] = JSON.parse(await docker(kind, 'inspect', name)) as T[];
  if (description === undefined) throw new Error(`there is no ${kind} ${name}`);
  return description;
}

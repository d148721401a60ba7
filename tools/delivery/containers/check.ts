import { styleText } from 'node:util';
import { Checklist } from './checklist.ts';
import { compose, docker } from './docker.ts';
import { checkImages, imageOf, IMAGES } from './images.ts';
import { checkStoppingEarly, checkSuite } from './suite.ts';

/**
 * npm run check:containers: builds the images, checks them, and runs the suite from them in a separate
 * docker compose project, which is removed afterwards. Fails if there is no container engine.
 */
const list = new Checklist();

async function main(): Promise<void> {
  const engine = await list.check('a container engine and compose are available', async () => {
    const version = await docker('version', '--format', '{{.Server.Version}}');
    return `Docker ${version}, compose ${await compose('version', '--short')}`;
  });
  if (!engine) return;
  const build = async () => void (await compose('--profile', 'ops', 'build'));
  if (!(await list.check('the images are built', build))) return;
  try {
    await list.check('a second build without changes uses the cache', build);
    await checkImages(list);
    await checkStoppingEarly(list);
    await checkSuite(list);
  } finally {
    await docker('image', 'rm', '--force', ...IMAGES.map(imageOf));
  }
}

await main();
const summary = `${list.passed} checks passed, ${list.failed} failed`;
console.log(`\n${styleText(list.failed === 0 ? 'green' : 'red', summary)}`);
process.exitCode = list.failed === 0 ? 0 : 1;

import { styleText } from 'node:util';
import { Checklist } from './checklist.ts';
import { compose, docker } from './docker.ts';
import { checkImages, imageOf, SERVICES } from './images.ts';
import { checkStoppingEarly, checkSuite } from './suite.ts';

/**
 * npm run check:containers: builds the images, checks what they are, and runs the suite from them
 * under docker compose, in a project of its own that is removed afterwards. Fails where there is
 * no container engine.
 */
const list = new Checklist();

async function main(): Promise<void> {
  const engine = await list.check('there is a container engine, and compose', async () => {
    const version = await docker('version', '--format', '{{.Server.Version}}');
    return `Docker ${version}, compose ${await compose('version', '--short')}`;
  });
  if (!engine) return;
  const build = async () => void (await compose('build'));
  if (!(await list.check('the images are built', build))) return;
  try {
    await list.check('with nothing changed they are built from the cache', build);
    await checkImages(list);
    await checkStoppingEarly(list);
    await checkSuite(list);
  } finally {
    await docker('image', 'rm', '--force', ...SERVICES.map(imageOf));
  }
}

await main();
const verdict = `${list.passed} checks passed, ${list.failed} failed`;
console.log(`\n${styleText(list.failed === 0 ? 'green' : 'red', verdict)}`);
process.exitCode = list.failed === 0 ? 0 : 1;

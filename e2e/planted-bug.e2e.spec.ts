import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plantedBugs } from '../tools/prove/src/planted/bugs.ts';
import { scratchBuild } from '../tools/prove/src/planted/scratch-build.ts';
import { eventually } from './support/eventually.ts';
import { runSuite } from './support/running-suite.ts';
import { Shop } from './support/shop.ts';

describe('A scratch build with a planted bug', () => {
  let directory: string;
  let running: Awaited<ReturnType<typeof runSuite>>;

  beforeAll(async () => {
    const bug = plantedBugs.find(({ name }) => name === 'no stock condition');
    if (bug === undefined) throw new Error('no bug of this name is planted any more');
    directory = await mkdtemp(join(tmpdir(), 'planted-'));
    running = await runSuite({ repository: await scratchBuild(bug, directory) });
  });

  afterAll(async () => {
    await running.stop();
    await rm(directory, { recursive: true });
  });

  it('runs, and does what is wrong', async () => {
    const shop = new Shop(running.api);
    const equipment = await shop.register(1);
    const { id } = await shop.order(equipment, 3);
    await eventually(async () => expect(await shop.stockOf(equipment)).toBe(-2));
    expect(await shop.statusOf(id)).toBe('APPROVED');
  });
});

import { rm } from 'node:fs/promises';
import { Suite, makeFakeServices, noConnections, waitUntil } from '@equipmgnt/testing';
import { supervise } from './supervise.ts';

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('supervise', () => {
  let repository: string;
  let suite: Suite;
  const said: string[] = [];

  beforeAll(async () => {
    repository = await makeFakeServices();
    const services = { mis: 1 };
    suite = await Suite.start({ infrastructure: noConnections, repository, services });
    supervise(suite.mis[0], (text) => said.push(text));
  });
  afterAll(async () => {
    await suite.stop();
    await rm(repository, { recursive: true });
  });

  it('restarts and reports a process that exited unexpectedly', async () => {
    const [mis] = suite.mis;
    await expect(fetch(`${mis.url}/crash`)).rejects.toThrow();
    await waitUntil(async () => expect(said).toHaveLength(2), { withinMs: 10_000 });
    expect(said).toEqual([
      'mis ended unexpectedly with exit code 3; restarting it in 1 s',
      `mis is running again (pid ${mis.pid})`,
    ]);
    expect((await fetch(mis.url)).status).toBe(200);
  });

  it('does not restart a process that was stopped', async () => {
    said.length = 0;
    await suite.mis[0].stop();
    await suite.mis[0].start();
    expect(said).toEqual([]);
  });
});

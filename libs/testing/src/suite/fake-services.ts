import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SERVICES } from '@equipmgnt/contracts';
import { mainScript } from './services.ts';

// Answers every request with its environment, exits on /crash, and ignores SIGTERM if
// IGNORE_SIGTERM is set.
const FAKE = `
import { createServer } from 'node:http';
const { PORT, HOST, IGNORE_SIGTERM, FAIL } = process.env;
const log = (msg, more) => console.log(JSON.stringify({ level: 30, time: Date.now(), msg, ...more }));
if (FAIL) throw new Error(FAIL);
createServer((request, response) => {
  if (request.url === '/crash') process.exit(3);
  response.end(JSON.stringify(process.env));
}).listen(Number(PORT), HOST, () => log('listening'));
process.on('SIGTERM', () => {
  log('SIGTERM received');
  if (!IGNORE_SIGTERM) process.exit(0);
});
`;

/** Creates a folder with the layout of the built repository and a minimal script per service. */
export async function makeFakeServices(): Promise<string> {
  const repository = await mkdtemp(join(tmpdir(), 'fake-services-'));
  for (const service of SERVICES) {
    const script = join(repository, mainScript(service));
    await mkdir(dirname(script), { recursive: true });
    await writeFile(script, FAKE);
  }
  await writeFile(join(repository, 'package.json'), '{"type":"module"}');
  return repository;
}

/** Connections to ports on which no server listens; the fake services do not use them. */
export const noConnections = {
  databases: {
    order: 'postgres://order@127.0.0.1:1/order',
    approval: 'postgres://approval@127.0.0.1:1/approval',
    equipment: 'postgres://equipment@127.0.0.1:1/equipment',
    mis: 'mysql://mis@127.0.0.1:1/mis',
  },
  kafkaBrokers: '127.0.0.1:1',
};

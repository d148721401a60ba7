import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mainScript, SERVICES } from './services.ts';

// Answers readiness; says what it was told by its environment; ends by itself at /crash; and
// ignores SIGTERM if DEAF is set.
const FAKE = `
import { createServer } from 'node:http';
const { PORT, HOST, DEAF, FAIL } = process.env;
const log = (msg, more) => console.log(JSON.stringify({ level: 30, time: Date.now(), msg, ...more }));
if (FAIL) throw new Error(FAIL);
createServer((request, response) => {
  if (request.url === '/crash') process.exit(3);
  response.end(JSON.stringify(process.env));
}).listen(Number(PORT), HOST, () => log('listening'));
process.on('SIGTERM', () => {
  log('SIGTERM received');
  if (!DEAF) process.exit(0);
});
`;

/** Makes a folder that looks like the built repository, with services that do next to nothing. */
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

/** Connections that lead nowhere; the fake services do not use them. */
export const noConnections = {
  databases: {
    order: 'postgres://order@127.0.0.1:1/order',
    approval: 'postgres://approval@127.0.0.1:1/approval',
    equipment: 'postgres://equipment@127.0.0.1:1/equipment',
    mis: 'mysql://mis@127.0.0.1:1/mis',
  },
  kafkaBrokers: '127.0.0.1:1',
};

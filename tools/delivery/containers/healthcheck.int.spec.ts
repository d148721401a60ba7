import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';

/** Docker passes the proxies of its own configuration to every container. */
const PROXY = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' };

/** The health check of the image, on this machine's Node. */
describe("The image's HEALTHCHECK", () => {
  let status = 200;
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/actuator/health/readiness' ? status : 404;
    response.end('{}');
  });

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  async function check(): Promise<number> {
    const dockerfile = await readFile(join(REPOSITORY, 'Dockerfile'), 'utf8');
    const command = /^HEALTHCHECK [^]*?CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]';
    const [, ...args] = JSON.parse(command) as string[];
    const { port } = server.address() as AddressInfo;
    const env = { ...process.env, ...PROXY, no_proxy: '', PORT: String(port) };
    const [code] = await once(spawn(process.execPath, args, { env }), 'exit');
    return code;
  }

  it('passes while the service is ready, also when a proxy is set', async () => {
    status = 200;
    expect(await check()).toBe(0);
  });

  it('fails while the service is not ready', async () => {
    status = 503;
    expect(await check()).toBe(1);
  });
});

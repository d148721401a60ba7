import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

const TESTING = new URL('./index.ts', import.meta.url).href;

/** A process with a proxy that refuses every connection. */
describe('A process that uses libs/testing', () => {
  const server = createServer((request, response) => response.end(request.url));

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  it('reaches this machine, and so do its child processes, when a proxy is set', async () => {
    const { port } = server.address() as AddressInfo;
    const proxy = 'http://127.0.0.1:1';
    const child = `require('node:http').get('http://127.0.0.1:${port}/child', (answer) => answer.pipe(process.stdout))`;
    const script = `
      await import('${TESTING}');
      console.log(await (await fetch('http://127.0.0.1:${port}/fetch')).text());
      const { execFileSync } = await import('node:child_process');
      console.log(String(execFileSync(process.execPath, ['-e', ${JSON.stringify(child)}])));
      console.log(process.env.NO_PROXY.split(',')[0]);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@equipmgnt/source', '--input-type=module', '-e', script],
      {
        env: {
          ...process.env,
          NODE_USE_ENV_PROXY: '1',
          HTTP_PROXY: proxy,
          http_proxy: proxy,
          NO_PROXY: 'intranet',
          no_proxy: '',
        },
      },
    );
    expect(stdout.trim().split('\n')).toEqual(['/fetch', '/child', 'intranet']);
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, ManagedProcess } from '@equipmgnt/testing';

/**
 * nginx in the place of the gateway, to compare with.
 * @returns the reason when nginx is not installed
 */
export async function startNginx(
  upstream: string,
): Promise<{ url: string; process: ManagedProcess } | string> {
  const missing = await promisify(execFile)('nginx', ['-v']).then(
    () => undefined,
    () => 'nginx is not installed',
  );
  if (missing !== undefined) return missing;
  const directory = await mkdtemp(join(tmpdir(), 'bench-nginx-'));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const file = join(directory, 'nginx.conf');
  await writeFile(file, configuration(directory, port, new URL(upstream).host));
  const process_ = new ManagedProcess({
    name: 'nginx',
    command: () => ({
      executable: 'nginx',
      args: ['-p', directory, '-c', file, '-e', 'error.log'],
      cwd: directory,
      env: process.env,
    }),
    output: { file: join(directory, 'output.log') },
    probe: async () => {
      await fetch(`${url}/orders`, { method: 'HEAD' });
    },
    readyWithinMs: 10_000,
    tail: () => '',
    stopSignal: 'SIGTERM',
    stopWithinMs: 5_000,
  });
  await process_.start();
  return { url, process: process_ };
}

const configuration = (directory: string, port: number, upstream: string): string => `
daemon off;
pid ${directory}/nginx.pid;
worker_processes 1;
events {}
http {
  access_log off;
  upstream order { server ${upstream}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location /orders {
      proxy_pass http://order;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;

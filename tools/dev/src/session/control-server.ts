import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import {
  makePrivateFolder,
  SERVICES,
  messageOf,
  type Suite,
  type ControlAnswer,
  type ControlRequest,
  type SuiteStatus,
} from '@equipmgnt/testing';

export interface ControlOptions {
  readonly suite: Suite;
  readonly socketFile: string;
  /** Receives a message for the user after each change. */
  readonly say: (text: string) => void;
}

/**
 * Allows other processes of this user to stop and start services. Each line on the Unix socket is a
 * {@link ControlRequest} in JSON, and is answered with a {@link ControlAnswer}.
 * @returns a function that closes the socket.
 */
export async function listenForControl(options: ControlOptions): Promise<() => Promise<void>> {
  const { socketFile } = options;
  await makePrivateFolder(dirname(socketFile));
  await rm(socketFile, { force: true }); // a killed run leaves its socket
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    socket.on('error', () => undefined); // the client has disconnected
    createInterface({ input: socket }).on('line', (line) => {
      void answer(line, options).then((text) => socket.writable && socket.write(`${text}\n`));
    });
  });
  server.listen(socketFile);
  await once(server, 'listening');
  await chmod(socketFile, 0o600);
  return async () => {
    for (const client of clients) client.destroy();
    server.close();
    await once(server, 'close');
  };
}

async function answer(line: string, options: ControlOptions): Promise<string> {
  const result = await perform(line, options).then(
    (status): ControlAnswer => ({ ok: true, status }),
    (error: unknown): ControlAnswer => ({ ok: false, error: messageOf(error) }),
  );
  return JSON.stringify(result);
}

async function perform(line: string, { suite, say }: ControlOptions): Promise<SuiteStatus> {
  const { command, service } = parse(line);
  if (command === 'status') return statusOf(suite);
  if (service === undefined || !SERVICES.includes(service)) {
    throw new Error(`service: expected one of ${SERVICES.join(', ')}, got ${service}`);
  }
  switch (command) {
    case 'stop':
      await Promise.all(suite.of(service).map((process) => process.stop()));
      say(`${service} was stopped on request`);
      return statusOf(suite);
    case 'start':
      await Promise.all(suite.of(service).map((process) => process.start()));
      say(`${service} was started on request`);
      return statusOf(suite);
    default:
      throw new Error(`command: expected status, stop or start, got ${String(command)}`);
  }
}

function parse(line: string): ControlRequest {
  try {
    return JSON.parse(line) as ControlRequest;
  } catch {
    throw new Error(`expected a line such as {"command":"stop","service":"approval"}, got ${line}`);
  }
}

export const statusOf = (suite: Suite): SuiteStatus => ({
  processes: suite.processes.map(({ name, service, url, pid }) => ({
    name,
    service,
    url,
    pid: pid ?? null,
  })),
});

import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import {
  makePrivateFolder,
  SERVICES,
  type ServiceName,
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
 * Allows other processes of this user to stop, start and take over services. Each line on the Unix
 * socket is a {@link ControlRequest} in JSON, and is answered with a {@link ControlAnswer}.
 * @returns a function that closes the socket.
 */
export async function listenForControl(options: ControlOptions): Promise<() => Promise<void>> {
  const { socketFile } = options;
  await makePrivateFolder(dirname(socketFile));
  await rm(socketFile, { force: true }); // a killed run leaves its socket
  const control = new ControlServer(options);
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('close', () => {
      clients.delete(socket);
      void control.disconnected(socket);
    });
    socket.on('error', () => undefined); // the client has disconnected
    createInterface({ input: socket }).on('line', (line) => {
      void control.answer(line, socket).then((answer) => {
        if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
      });
    });
  });
  server.listen(socketFile);
  await once(server, 'listening');
  await chmod(socketFile, 0o600); // an answer to `handover` contains passwords
  return async () => {
    control.close();
    for (const client of clients) client.destroy();
    server.close();
    await once(server, 'close');
  };
}

class ControlServer {
  readonly #options: ControlOptions;
  /** The clients that run a service instead of this suite. */
  readonly #holders = new Map<ServiceName, Socket>();

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  answer(line: string, client: Socket): Promise<ControlAnswer> {
    return this.#perform(line, client).catch((error: unknown) => ({
      ok: false,
      error: messageOf(error),
    }));
  }

  /** Starts the services again that a client ran when its connection ended. */
  async disconnected(client: Socket): Promise<void> {
    const { suite, say } = this.#options;
    for (const [service, holder] of this.#holders) {
      if (holder !== client) continue;
      this.#holders.delete(service);
      say(`npm run dev -- ${service} has ended; starting ${service}`);
      await start(suite, service).catch((error: unknown) => say(messageOf(error)));
    }
  }

  /** Lets the services stopped that clients run: the suite ends. */
  close(): void {
    this.#holders.clear();
  }

  async #perform(line: string, client: Socket): Promise<ControlAnswer> {
    const { suite, say } = this.#options;
    const { command, service } = parse(line);
    if (command === 'status') return { ok: true, status: statusOf(suite) };
    if (service === undefined || !SERVICES.includes(service)) {
      throw new Error(`service: expected one of ${SERVICES.join(', ')}, got ${service}`);
    }
    this.#rejectIfHeldByAnother(service, client);
    switch (command) {
      case 'stop':
        await stop(suite, service);
        say(`${service} was stopped on request`);
        break;
      case 'start':
        this.#holders.delete(service);
        await start(suite, service);
        say(`${service} was started on request`);
        break;
      case 'handover': {
        const [{ settings }] = suite.of(service);
        this.#holders.set(service, client);
        await stop(suite, service);
        say(`${service} was stopped, because npm run dev -- ${service} runs it`);
        return { ok: true, status: statusOf(suite), settings };
      }
      default:
        throw new Error(
          `command: expected status, stop, start or handover, got ${String(command)}`,
        );
    }
    return { ok: true, status: statusOf(suite) };
  }

  #rejectIfHeldByAnother(service: ServiceName, client: Socket): void {
    const holder = this.#holders.get(service);
    if (holder === undefined || holder === client) return;
    throw new Error(
      `npm run dev -- ${service} runs ${service}, so nothing else can stop or start it. ` +
        'End that command first: Ctrl-C in its terminal',
    );
  }
}

const stop = (suite: Suite, service: ServiceName) =>
  Promise.all(suite.of(service).map((process) => process.stop()));

const start = (suite: Suite, service: ServiceName) =>
  Promise.all(suite.of(service).map((process) => process.start()));

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

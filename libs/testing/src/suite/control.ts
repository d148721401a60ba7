import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { foldersIn, LOCAL } from '../layout.ts';
import type { ServiceName } from '@equipmgnt/contracts';
import { SetupError } from '../setup-error.ts';
import type { ServiceSettings } from './service-process.ts';

/**
 * Requests to the running suite: report the status of all processes, stop or start a service, or hand
 * a service over: stop it, and let the client run it until the client asks for its start or ends.
 */
export type ControlCommand = 'status' | 'stop' | 'start' | 'handover';

export interface ControlRequest {
  readonly command: ControlCommand;
  /** The service concerned, with all its processes. */
  readonly service?: ServiceName;
}

export interface ProcessStatus {
  readonly name: string;
  readonly service: ServiceName;
  readonly url: string;
  /** Null while it is not running. */
  readonly pid: number | null;
}

export interface SuiteStatus {
  readonly processes: readonly ProcessStatus[];
}

export type ControlAnswer =
  | { readonly ok: true; readonly status: SuiteStatus; readonly settings?: ServiceSettings }
  | { readonly ok: false; readonly error: string };

/** A connection to the suite that `npm start` runs. */
export class ControlConnection {
  /** Aborts when the suite has ended. */
  readonly ended: AbortSignal;
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    const ended = new AbortController();
    this.ended = ended.signal;
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    socket.on('error', () => undefined); // an error also ends the lines
    socket.on('close', () => ended.abort(new Error('npm start has ended')));
  }

  /** @throws SetupError when the suite is not running. */
  static async open(
    socketFile = controlSocketIn(foldersIn(LOCAL).run),
  ): Promise<ControlConnection> {
    const socket = connect(socketFile);
    try {
      await once(socket, 'connect');
    } catch (error) {
      throw new SetupError('The suite is not running. Start it in another terminal: npm start', {
        cause: error,
      });
    }
    return new ControlConnection(socket);
  }

  /** Sends a request and waits until it is done. One at a time. @throws Error when it is rejected */
  async send(request: ControlRequest): Promise<Extract<ControlAnswer, { ok: true }>> {
    this.#socket.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`The suite ended before it answered ${JSON.stringify(request)}.`);
    const answer = JSON.parse(value) as ControlAnswer;
    if (!answer.ok) throw new SetupError(answer.error);
    return answer;
  }

  /** Takes over a service: the suite stops it, and starts it again when this connection ends. */
  async takeOver(service: ServiceName): Promise<ServiceSettings> {
    const { settings } = await this.send({ command: 'handover', service });
    return settings as ServiceSettings; // part of each answer to this command
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * Asks the suite that `npm start` runs to stop or start a service, and waits until that is done.
 * @returns the status of all processes afterwards.
 * @throws SetupError when the suite is not running or rejects the request.
 */
export async function control(
  command: Exclude<ControlCommand, 'handover'>,
  service?: ServiceName,
  socketFile?: string,
): Promise<SuiteStatus> {
  const connection = await ControlConnection.open(socketFile);
  try {
    return (await connection.send({ command, ...(service && { service }) })).status;
  } finally {
    connection.close();
  }
}

// sun_path has 104 bytes on macOS and 108 on Linux, including the terminating null byte.
const LONGEST_SOCKET_PATH = 103;

/** The path of the control socket that belongs to a run folder. */
export function controlSocketIn(runFolder: string): string {
  const file = join(runFolder, 'control.sock');
  if (Buffer.byteLength(file) <= LONGEST_SOCKET_PATH) return file;
  const hash = createHash('sha256').update(runFolder).digest('hex').slice(0, 12);
  return join(tmpdir(), `equipment-rental-${hash}`, 'control.sock');
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { foldersIn, LOCAL } from '../layout.ts';
import type { ServiceName } from '@equipmgnt/contracts';
import { SetupError } from '../setup-error.ts';

/** Requests to the running suite: report the status of all processes, stop or start a service. */
export type ControlCommand = 'status' | 'stop' | 'start';

export interface ControlRequest {
  readonly command: ControlCommand;
  /** The service to stop or start, with all its processes. */
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
  | { readonly ok: true; readonly status: SuiteStatus }
  | { readonly ok: false; readonly error: string };

/**
 * Asks the suite that `npm start` runs to stop or start a service, and waits until that is done.
 * @returns the status of all processes afterwards.
 * @throws SetupError when the suite is not running.
 * @throws Error when the suite rejects the request.
 */
export async function control(
  command: ControlCommand,
  service?: ServiceName,
  socketFile: string = controlSocketIn(foldersIn(LOCAL).run),
): Promise<SuiteStatus> {
  const socket = connect(socketFile);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new SetupError('The suite is not running. Start it in another terminal: npm start', {
      cause: error,
    });
  }
  socket.on('error', () => undefined); // an error also ends the loop below
  try {
    const request: ControlRequest = { command, ...(service && { service }) };
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of createInterface({ input: socket })) {
      const answer = JSON.parse(line) as ControlAnswer;
      if (!answer.ok) throw new Error(answer.error);
      return answer.status;
    }
    throw new Error(`The suite ended before it answered "${command} ${service ?? ''}".`);
  } finally {
    socket.destroy();
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

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ManagedProcess, type ProcessDefinition } from '../processes/managed-process.ts';

export interface ServerOptions {
  /** The port on 127.0.0.1 that it listens on. */
  readonly port: number;
  /** Its data folder; created and initialised on first use. */
  readonly directory: string;
  /** The file that its log is appended to. */
  readonly logFile: string;
  /** The file for its pid. */
  readonly pidFile?: string | undefined;
  /** Receives a message that the user should see after the start, such as an unusual data folder. */
  readonly note?: ((text: string) => void) | undefined;
}

/** A server process on this machine. It can be stopped or killed, and started again on its data. */
export class Server extends ManagedProcess {
  /** Its URL with the administrator's credentials; host:port for Kafka. */
  readonly url: string;

  constructor(definition: ServerDefinition, url: string) {
    super({ ...definition, tail: () => endOf(definition.output.file) });
    this.url = url;
  }
}

export type ServerDefinition = Omit<ProcessDefinition, 'tail' | 'output'> & {
  readonly output: { readonly file: string };
};

// Enough for the last error and the lines before it.
const TAIL_BYTES = 4096;
const TAIL_LINES = 20;

/** The last lines of a file; an empty string when the file does not exist. */
function endOf(file: string): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return '';
  const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
  } finally {
    closeSync(descriptor);
  }
  return buffer.toString('utf8').trim().split('\n').slice(-TAIL_LINES).join('\n');
}

import { silent, type Report } from '../terminal/report.ts';
import { messageOf, SetupError } from '../setup-error.ts';
import { waitUntil } from '../wait-until.ts';
import {
  DetachedProcess,
  type Command,
  type Exit,
  type Output,
  type StopPolicy,
} from './detached.ts';
import { commandLine, descendantsOf } from './inspect.ts';

export interface ProcessDefinition extends StopPolicy {
  readonly name: string;
  /** The command to run. Called before each start, so it can also prepare data and files. */
  readonly command: (start: StartContext) => Command | Promise<Command>;
  readonly output: Output;
  /** Asks the process whether it is ready; rejects while it is not. */
  readonly probe: () => Promise<unknown>;
  /** The time limit for becoming ready, in milliseconds. */
  readonly readyWithinMs: number;
  /** The end of its log, for error messages. */
  readonly tail: () => string;
  /** The file for its pid, by which a later run finds the process if this one dies. */
  readonly pidFile?: string | undefined;
}

export interface StartContext {
  /** Aborts the start. */
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** An exit without a call of stop or kill. */
export interface UnexpectedExit extends Exit {
  /** How long the process had run, in milliseconds. */
  readonly uptimeMs: number;
}

/** A process that can be started, stopped, killed and started again. */
export class ManagedProcess {
  readonly name: string;
  readonly #definition: ProcessDefinition;
  readonly #onExit: ((exit: UnexpectedExit) => void)[] = [];
  #current: DetachedProcess | undefined;
  #starting: Promise<void> | undefined;
  #startAbort = new AbortController();
  #wanted = false;

  constructor(definition: ProcessDefinition) {
    this.name = definition.name;
    this.#definition = definition;
  }

  /** Its pid, or undefined while it is not running. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  /** Whether it was started and not stopped since then. It may still have ended by itself. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /**
   * Starts it and waits until it is ready. If it is running already, only waits.
   * @throws SetupError with the end of its log when it ends or is not ready in time.
   */
  start(context: Partial<StartContext> = {}): Promise<void> {
    this.#wanted = true;
    this.#starting ??= this.#start(context).finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /** Waits until it is ready. @throws SetupError as {@link start} does. */
  async ready(signal?: AbortSignal): Promise<void> {
    const { name, readyWithinMs, probe, tail } = this.#definition;
    const child = this.#current;
    if (child === undefined) throw new Error(`${name} is not running`);
    const abort = AbortSignal.any([this.#startAbort.signal, ...(signal ? [signal] : [])]);
    try {
      const ends = AbortSignal.any([abort, child.ended]);
      await waitUntil(probe, { withinMs: readyWithinMs, signal: ends });
    } catch (error) {
      abort.throwIfAborted();
      if (child.ended.aborted) await child.gone; // all of its output has been read then
      const log = tail();
      const ending = log === '' ? 'Its log is empty.' : `The end of its log:\n${log}`;
      throw new SetupError(`${name} did not start: ${messageOf(error)}. ${ending}`, {
        cause: error,
      });
    }
  }

  /**
   * Stops it gracefully, or kills it after `stopWithinMs`.
   * @returns 'killed' when it had to be killed, 'stopped' otherwise.
   */
  async stop(): Promise<'stopped' | 'killed'> {
    const child = await this.#noLongerWanted();
    if (child === undefined) return 'stopped';
    child.signal(this.#definition.stopSignal);
    const overdue = Promise.withResolvers<'overdue'>();
    const timer = setTimeout(() => overdue.resolve('overdue'), this.#definition.stopWithinMs);
    const outcome = await Promise.race([child.gone, overdue.promise]);
    clearTimeout(timer);
    if (outcome !== 'overdue') return 'stopped';
    await this.kill();
    return 'killed';
  }

  /**
   * Sends a signal, by default SIGKILL, and waits until the process has ended. Does not wait after
   * SIGSTOP and SIGCONT, which do not end a process.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return this.#current?.signal(signal);
    const child = await this.#noLongerWanted();
    if (child === undefined) return;
    // The child processes of PostgreSQL would live a moment longer and keep its data locked.
    const family = signal === 'SIGKILL' ? await descendantsOf(child.pid) : [];
    child.signal(signal);
    await child.gone;
    await Promise.all(family.map(killIfThere));
  }

  /** Calls the listener at each exit without a call of stop or kill. */
  onUnexpectedExit(listener: (exit: UnexpectedExit) => void): void {
    this.#onExit.push(listener);
  }

  async #start({ signal, report = silent }: Partial<StartContext>): Promise<void> {
    this.#startAbort = new AbortController();
    if (this.#current?.ended.aborted) await this.#current.gone;
    if (this.#current === undefined) {
      const abort = AbortSignal.any([this.#startAbort.signal, ...(signal ? [signal] : [])]);
      const command = await this.#definition.command({ signal: abort, report });
      abort.throwIfAborted();
      await this.#spawn(command);
    }
    await this.ready(signal);
  }

  async #spawn(command: Command): Promise<void> {
    const { name, output, pidFile } = this.#definition;
    const child = await DetachedProcess.spawn(name, command, output, this.#definition, pidFile);
    const startedAt = performance.now();
    this.#current = child;
    void child.gone.then((exit) => {
      this.#current = undefined;
      if (!this.#wanted) return;
      const uptimeMs = performance.now() - startedAt;
      for (const listener of this.#onExit) listener({ ...exit, uptimeMs });
    });
  }

  /** Aborts a start in progress, and returns the process if there is one. */
  async #noLongerWanted(): Promise<DetachedProcess | undefined> {
    this.#wanted = false;
    this.#startAbort.abort(new Error(`${this.name} is being stopped`));
    await this.#starting?.catch(() => undefined);
    return this.#current;
  }
}

async function killIfThere(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // it ended together with its parent
  }
  const gone = async () => {
    if ((await commandLine(pid)) !== undefined) throw new Error(`pid ${pid} is still running`);
  };
  await waitUntil(gone, { withinMs: 10_000 });
}

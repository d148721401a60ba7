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
  /** What to run; called before each start, and the place to make ready whatever it needs. */
  readonly command: (start: StartContext) => Command | Promise<Command>;
  readonly output: Output;
  /** Asks the process itself whether it is ready; rejects while it is not. */
  readonly probe: () => Promise<unknown>;
  /** How long it may take to become ready, in milliseconds. */
  readonly readyWithinMs: number;
  /** The end of its log, for error messages. */
  readonly tail: () => string;
  /** Where to note its pid, so that a later run finds it should this one die. */
  readonly pidFile?: string | undefined;
}

/** What a start is told. */
export interface StartContext {
  /** Aborts when it is to give up. */
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** An end that nobody asked for. */
export interface UnexpectedExit extends Exit {
  /** How long it had run, in milliseconds. */
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

  /** Whether it was started and not stopped since; it may have ended by itself nevertheless. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /**
   * Starts it and waits until it is ready; does no more than wait when it runs already.
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
      if (child.ended.aborted) await child.gone; // its last words have been read then
      const log = tail();
      const ending = log === '' ? 'It has logged nothing.' : `The end of its log:\n${log}`;
      throw new SetupError(`${name} did not start: ${messageOf(error)}. ${ending}`, {
        cause: error,
      });
    }
  }

  /**
   * Stops it in good order, or not so good when that takes too long.
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
   * Sends a signal, by default the one that leaves no chance to tidy up, and waits for the end;
   * SIGSTOP and SIGCONT, which do not end a process, are sent only.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return this.#current?.signal(signal);
    const child = await this.#noLongerWanted();
    if (child === undefined) return;
    // PostgreSQL's own processes would outlive it for a moment and hold on to its data meanwhile.
    const family = signal === 'SIGKILL' ? await descendantsOf(child.pid) : [];
    child.signal(signal);
    await child.gone;
    await Promise.all(family.map(killIfThere));
  }

  /** Tells of each end that nobody asked for. */
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

  /** Gives up a start under way, and returns the process if there is one. */
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
    return; // it went with its parent
  }
  const gone = async () => {
    if ((await commandLine(pid)) !== undefined) throw new Error(`pid ${pid} is still there`);
  };
  await waitUntil(gone, { withinMs: 10_000 });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Buildspec, Phase } from './buildspec.ts';

export interface Outcome {
  readonly succeeded: boolean;
  /** Whether each phase that was run succeeded. */
  readonly phases: Readonly<Record<string, boolean>>;
  readonly exported: Readonly<Record<string, string | undefined>>;
  /** Files that the reports or the artifacts need and that do not exist. */
  readonly missing: readonly string[];
}

export interface BuildOptions {
  /** The folder with the sources: the working directory of the first command. */
  readonly folder: string;
  /** The variables that CodeBuild and the project set. They override those of the file. */
  readonly environment: NodeJS.ProcessEnv;
  /** Receives a line for each phase and command. */
  readonly say: (text: string) => void;
}

const PHASES = ['install', 'pre_build', 'build', 'post_build'] as const;

/**
 * Runs the commands of a buildspec as CodeBuild does. The first failure ends its phase. After a failed
 * `build`, `post_build` runs with CODEBUILD_BUILD_SUCCEEDING=0, and the reports are checked. Any other
 * failed phase ends the run, unless the phase has on-failure CONTINUE. Runtimes and caches are not
 * handled: the machine provides them.
 */
export async function runBuild(spec: Buildspec, options: BuildOptions): Promise<Outcome> {
  const { folder, environment, say } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'pipeline-'));
  const shell = new Shell(scratch, folder, { ...spec.env.variables, ...environment });
  const phases: Record<string, boolean> = {};
  try {
    let succeeding = true;
    for (const name of PHASES) {
      const phase = spec.phases[name];
      if (!phase) continue;
      say(`── ${name}`);
      await shell.set('CODEBUILD_BUILD_SUCCEEDING', succeeding ? '1' : '0');
      phases[name] = await runPhase(shell, phase, say);
      if (phases[name]) continue;
      succeeding = false;
      const onFailure = phase['on-failure'] ?? (name === 'build' ? 'CONTINUE' : 'ABORT');
      if (onFailure === 'ABORT') break;
    }
    const exported = await shell.variables(spec.env['exported-variables']);
    const missing = 'build' in phases ? await missingFiles(spec, folder) : [];
    return { succeeded: succeeding && missing.length === 0, phases, exported, missing };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function runPhase(shell: Shell, phase: Phase, say: (text: string) => void): Promise<boolean> {
  const commands = async (list: readonly string[]) => {
    for (const command of list) {
      say(`$ ${command.trimEnd()}`);
      const code = await shell.run(command);
      if (code === 0) continue;
      say(`exit code ${code}`);
      return false;
    }
    return true;
  };
  const succeeded = await commands(phase.commands);
  return (await commands(phase.finally ?? [])) && succeeded;
}

async function missingFiles({ reports, artifacts }: Buildspec, folder: string): Promise<string[]> {
  const all = [...Object.values(reports), ...(artifacts ? [artifacts] : [])];
  const wanted = all.flatMap((report) =>
    report.files.map((file) => join(report['base-directory'], file)),
  );
  const there = await Promise.all(
    wanted.map((file) =>
      access(join(folder, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return wanted.filter((_, index) => !there[index]);
}

/** Runs each command in a shell of its own, and keeps exported variables and the working directory. */
class Shell {
  readonly #stateFile: string;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(scratch: string, folder: string, environment: NodeJS.ProcessEnv) {
    this.#stateFile = join(scratch, 'state');
    this.#folder = folder;
    this.#environment = environment;
  }

  /** @returns the exit code */
  async run(command: string): Promise<number> {
    return this.#bash(
      `trap '{ export -p; echo "cd \${PWD@Q}"; } > "$STATE_FILE"' EXIT\n${command}`,
    );
  }

  async set(name: string, value: string): Promise<void> {
    await this.run(`export ${name}=${value}`);
  }

  async variables(names: readonly string[]): Promise<Record<string, string | undefined>> {
    const file = `${this.#stateFile}.variables`;
    const quoted = names.map((name) => `"\${${name}-}"`).join(' ');
    await this.#bash(`printf '%s\\n' ${quoted} > '${file}'`);
    const values = (await readFile(file, 'utf8')).split('\n');
    return Object.fromEntries(names.map((name, index) => [name, values[index] || undefined]));
  }

  async #bash(script: string): Promise<number> {
    const file = `${this.#stateFile}.sh`;
    await writeFile(file, `[ ! -f "$STATE_FILE" ] || . "$STATE_FILE"\n${script}`);
    const child = spawn('bash', [file], {
      cwd: this.#folder,
      env: { ...this.#environment, STATE_FILE: this.#stateFile },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    return (code as number | null) ?? 1;
  }
}

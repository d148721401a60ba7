import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SetupError } from '../../setup-error.ts';

const execute = promisify(execFile);

/** The oldest Java that Kafka 4's broker runs on. */
const OLDEST_JAVA = 17;

/** The Java that Maven would take as well: JAVA_HOME's, or else the one on PATH. */
export const javaExecutable = (): string =>
  process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin/java') : 'java';

export interface JavaNeeds {
  /** Why Java itself is needed, in words that end a sentence; undefined if it is not. */
  readonly java: string | undefined;
  /** Why Maven is needed. */
  readonly maven: string | undefined;
}

/** @throws SetupError that says what is missing and how to install it. */
export async function checkJava({ java, maven }: JavaNeeds): Promise<void> {
  const why = java ?? maven;
  if (why === undefined) return;
  const complaints = [await javaComplaint(why), maven && (await mavenComplaint(maven))];
  const told = complaints.filter((complaint) => complaint !== undefined);
  if (told.length === 0) return;
  throw new SetupError(
    [
      ...told,
      '  Debian, Ubuntu: sudo apt-get install openjdk-17-jre-headless maven',
      '  macOS:          brew install openjdk@17 maven',
      'Or name servers of your own: KAFKA_BROKERS=host:port MARIADB_URL=mysql://root:password@host:port',
    ].join('\n'),
  );
}

async function javaComplaint(why: string): Promise<string | undefined> {
  const executable = javaExecutable();
  const needed = `Java ${OLDEST_JAVA} or newer is needed ${why}`;
  try {
    // It prints to stderr: openjdk version "17.0.15" 2025-04-15, and long ago "1.8.0_292".
    const { stderr } = await execute(executable, ['-version']);
    const version = /version "(\d+)/.exec(stderr)?.[1];
    if (Number(version) >= OLDEST_JAVA) return undefined;
    const found = stderr.split('\n')[0];
    return `${needed}, but ${executable} is older: ${found}`;
  } catch {
    return process.env['JAVA_HOME']
      ? `${needed}, but JAVA_HOME is ${process.env['JAVA_HOME']}, where no bin/java runs.`
      : `${needed}, but there is no java on PATH.`;
  }
}

async function mavenComplaint(why: string): Promise<string | undefined> {
  try {
    await execute('mvn', ['--version']);
    return undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? `Maven is needed ${why}, but there is no mvn on PATH.` : undefined;
  }
}

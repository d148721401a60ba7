import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SetupError } from '../../setup-error.ts';
import { areDownloaded } from './archives.ts';

const execute = promisify(execFile);

/** The oldest Java that the broker of Kafka 4 supports. */
const OLDEST_JAVA = 17;

/** The Java that Maven uses too: the one of JAVA_HOME, otherwise the one on PATH. */
export const javaExecutable = (): string =>
  process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin/java') : 'java';

/**
 * Checks that Java and Maven are installed if the given servers need them.
 * @throws SetupError that names the missing programs and how to install them.
 */
export async function checkJavaFor(servers: { kafka: boolean; mariadb: boolean }): Promise<void> {
  const maven = (await areDownloaded(servers)) ? '' : 'to download Kafka and MariaDB, once';
  const why = servers.kafka ? 'to run Apache Kafka' : maven;
  if (!why) return;
  const problems = [await javaProblem(why), maven && (await mavenProblem(maven))];
  const found = problems.filter(Boolean);
  if (found.length === 0) return;
  throw new SetupError(
    [
      ...found,
      '  Debian, Ubuntu: sudo apt-get install openjdk-17-jre-headless maven',
      '  macOS:          brew install openjdk@17 maven',
      'Or use servers of your own: KAFKA_BROKERS=host:port MARIADB_URL=mysql://root:password@host:port',
    ].join('\n'),
  );
}

async function javaProblem(why: string): Promise<string | undefined> {
  const executable = javaExecutable();
  const needed = `Java ${OLDEST_JAVA} or newer is needed ${why}`;
  try {
    // Java prints to stderr: openjdk version "17.0.15" 2025-04-15. Java 8 prints "1.8.0_292".
    const { stderr } = await execute(executable, ['-version']);
    const version = /version "(\d+)/.exec(stderr)?.[1];
    if (Number(version) >= OLDEST_JAVA) return undefined;
    const found = stderr.split('\n')[0];
    return `${needed}, but ${executable} is older: ${found}`;
  } catch {
    return process.env['JAVA_HOME']
      ? `${needed}, but JAVA_HOME is ${process.env['JAVA_HOME']}, and its bin/java cannot be run.`
      : `${needed}, but there is no java on PATH.`;
  }
}

async function mavenProblem(why: string): Promise<string | undefined> {
  try {
    await execute('mvn', ['--version']);
    return undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? `Maven is needed ${why}, but there is no mvn on PATH.` : undefined;
  }
}

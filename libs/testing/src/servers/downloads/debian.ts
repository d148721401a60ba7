import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL } from '../../layout.ts';
import { run } from '../../processes/run.ts';
import { downloadedOnce } from './archives.ts';

/**
 * The folder `usr` of a Debian package, unpacked in this repository on first use. That needs no root and
 * leaves the rest of the machine unchanged.
 * @param others packages that it needs
 * @throws Error on a machine without apt-get or its package servers
 */
export const debianPackage = (name: string, others: readonly string[] = []): Promise<string> =>
  downloadedOnce(join(LOCAL, `debian-${name}`), async (folder) => {
    // separate package lists, because a new container may have none
    const [lists, cache] = [join(folder, 'lists'), join(folder, 'cache')];
    for (const each of [lists, cache]) await mkdir(join(each, 'partial'), { recursive: true });
    const own = ['-q', '-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`];
    await run('apt-get', [...own, 'update'], { cwd: folder });
    await run('apt-get', [...own, 'download', name, ...others], { cwd: folder });
    const unpack = 'for package in *.deb; do dpkg-deb -x "$package" unpacked || exit; done';
    await run('/bin/sh', ['-c', unpack], { cwd: folder });
    return join(folder, 'unpacked/usr');
  });

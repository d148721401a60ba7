import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL } from '../../layout.ts';
import { run } from '../../processes/run.ts';
import { downloadedOnce } from './archives.ts';

/**
 * The folder of the programs of a Debian package, unpacked in this repository on first use. That needs no
 * root and leaves the rest of the machine unchanged.
 * @throws Error on a machine without apt-get or its package servers
 */
export const debianPrograms = (name: string): Promise<string> =>
  downloadedOnce(join(LOCAL, name), async (folder) => {
    // separate package lists, because a new container may have none
    const [lists, cache] = [join(folder, 'lists'), join(folder, 'cache')];
    for (const each of [lists, cache]) await mkdir(join(each, 'partial'), { recursive: true });
    const own = ['-q', '-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`];
    await run('apt-get', [...own, 'update'], { cwd: folder });
    await run('apt-get', [...own, 'download', name], { cwd: folder });
    await run('/bin/sh', ['-c', `exec dpkg-deb -x ${name}_*.deb unpacked`], { cwd: folder });
    return join(folder, 'unpacked/usr/bin');
  });

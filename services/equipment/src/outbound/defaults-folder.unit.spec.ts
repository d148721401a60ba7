import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { DefaultsFolder } from './defaults-folder.ts';

const EXPECTED = 'expected one line of 1 to 200 characters, in UTF-8';

describe('DefaultsFolder', () => {
  let folder: string;
  let defaults: DefaultsFolder;
  let said: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'defaults-'));
    defaults = new DefaultsFolder(folder, { category: 'tools', region: 'Seoul' });
    said = [];
    const note = (message: string) => void said.push(message.replaceAll(folder, '/config'));
    import.meta.jest.spyOn(Logger.prototype, 'log').mockImplementation(note);
    import.meta.jest.spyOn(Logger.prototype, 'warn').mockImplementation(note);
  });
  afterEach(async () => {
    import.meta.jest.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  const write = (file: string, content: string | Buffer) => writeFile(join(folder, file), content);
  /** A change counts when it is found for the second time. */
  const lookTwice = async () => {
    await defaults.look();
    await defaults.look();
  };

  it('has those of the environment when there is no such folder', async () => {
    defaults = new DefaultsFolder(join(folder, 'none'), { region: 'Seoul' });
    await lookTwice();
    expect(defaults.current()).toEqual({ region: 'Seoul' });
    expect(said).toEqual([]);
  });

  it('prefers what the files say from the start', async () => {
    await write('equipment', 'cameras\n');
    await defaults.look();
    expect(defaults.current()).toEqual({ category: 'cameras', region: 'Seoul' });
    expect(said).toEqual([
      'default category of new equipment: "tools" → "cameras", from /config/equipment',
    ]);
  });

  it('follows a change, and says so once', async () => {
    await write('region', 'Busan');
    await defaults.look();
    await write('region', '부산');
    await lookTwice();
    await lookTwice();
    expect(defaults.current().region).toBe('부산');
    expect(said.slice(1)).toEqual([
      'default region of new equipment: "Busan" → "부산", from /config/region',
    ]);
  });

  it('follows a ConfigMap whose data folder is exchanged, as a kubelet does', async () => {
    const publish = async (version: string, equipment: string, region: string) => {
      await mkdir(join(folder, version));
      await write(`${version}/equipment`, equipment);
      await write(`${version}/region`, region);
      await symlink(version, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await publish('..2026_01', 'tools', 'Busan');
    await symlink('..data/equipment', join(folder, 'equipment'));
    await symlink('..data/region', join(folder, 'region'));
    await defaults.look();
    expect(defaults.current()).toEqual({ category: 'tools', region: 'Busan' });
    await publish('..2026_02', 'cameras', 'Jeju');
    await rm(join(folder, '..2026_01'), { recursive: true });
    await lookTwice();
    expect(defaults.current()).toEqual({ category: 'cameras', region: 'Jeju' });
  });

  it('goes back to the environment when a file is gone', async () => {
    await write('equipment', 'cameras');
    await defaults.look();
    await rm(join(folder, 'equipment'));
    await lookTwice();
    expect(defaults.current().category).toBe('tools');
    expect(said.at(-1)).toBe(
      'default category of new equipment: "cameras" → "tools", from the environment, /config/equipment is gone',
    );
  });

  it('waits for the rest of a file that is still being written', async () => {
    await defaults.look();
    await write('equipment', 'cam');
    await defaults.look();
    await write('equipment', 'cameras');
    await defaults.look();
    expect(defaults.current().category).toBe('tools');
    await defaults.look();
    expect(defaults.current().category).toBe('cameras');
  });

  it.each([
    ['emptied', ' \n', `${EXPECTED}, got nothing`],
    ['too long', 'x'.repeat(201), `${EXPECTED}, got 201 characters`],
    [
      'of several lines',
      'cameras\nlenses',
      `${EXPECTED}, got a line break or another control character`,
    ],
    ['no text', 'a\0b', `${EXPECTED}, got a line break or another control character`],
    ['cut within a character', Buffer.from('카메라').subarray(0, 4), EXPECTED],
  ])('keeps the last good value when a file is %s, and warns once', async (_, content, fault) => {
    await write('equipment', 'cameras');
    await defaults.look();
    await write('equipment', content);
    await lookTwice();
    await lookTwice();
    expect(defaults.current().category).toBe('cameras');
    expect(said.slice(1)).toEqual([`/config/equipment: ${fault}; category stays "cameras"`]);
  });

  it('keeps the last good value when a file cannot be read', async () => {
    await mkdir(join(folder, 'region'));
    await defaults.look();
    expect(defaults.current().region).toBe('Seoul');
    expect(said).toEqual([expect.stringMatching(/^\/config\/region: EISDIR.*stays "Seoul"$/)]);
  });
});

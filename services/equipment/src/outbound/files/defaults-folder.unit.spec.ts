import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { DefaultsFolder } from './defaults-folder.ts';

const EXPECTED = 'expected one line of 1 to 200 characters; it has';

describe('DefaultsFolder', () => {
  let folder: string;
  let defaults: DefaultsFolder;
  let logged: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'defaults-'));
    defaults = new DefaultsFolder(folder, { category: 'tools', region: 'Seoul' });
    logged = [];
    const record = (message: string) => void logged.push(message.replaceAll(folder, '/config'));
    import.meta.jest.spyOn(Logger.prototype, 'log').mockImplementation(record);
    import.meta.jest.spyOn(Logger.prototype, 'warn').mockImplementation(record);
  });
  afterEach(async () => {
    import.meta.jest.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  const write = (file: string, content: string | Buffer) => writeFile(join(folder, file), content);
  /** A change takes effect when it is read for the second time. */
  const pollTwice = async () => {
    await defaults.poll();
    await defaults.poll();
  };

  it('uses the environment when the folder does not exist', async () => {
    defaults = new DefaultsFolder(join(folder, 'none'), { region: 'Seoul' });
    await pollTwice();
    expect(defaults.current()).toEqual({ region: 'Seoul' });
    expect(logged).toEqual([]);
  });

  it('prefers the files from the start', async () => {
    await write('equipment', 'cameras\n');
    await defaults.poll();
    expect(defaults.current()).toEqual({ category: 'cameras', region: 'Seoul' });
    expect(logged).toEqual([
      'default category of new equipment: "tools" → "cameras", from /config/equipment',
    ]);
  });

  it('applies a change, and logs it once', async () => {
    await write('region', 'Busan');
    await defaults.poll();
    await write('region', '부산'.normalize('NFD'));
    await pollTwice();
    await pollTwice();
    expect(defaults.current().region).toBe('부산');
    expect(logged.slice(1)).toEqual([
      'default region of new equipment: "Busan" → "부산", from /config/region',
    ]);
  });

  it('applies an update of a ConfigMap, whose data folder a kubelet replaces', async () => {
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
    await defaults.poll();
    expect(defaults.current()).toEqual({ category: 'tools', region: 'Busan' });
    await publish('..2026_02', 'cameras', 'Jeju');
    await rm(join(folder, '..2026_01'), { recursive: true });
    await pollTwice();
    expect(defaults.current()).toEqual({ category: 'cameras', region: 'Jeju' });
  });

  it('returns to the environment when a file is removed', async () => {
    await write('equipment', 'cameras');
    await defaults.poll();
    await rm(join(folder, 'equipment'));
    await pollTwice();
    expect(defaults.current().category).toBe('tools');
    expect(logged.at(-1)).toBe(
      'default category of new equipment: "cameras" → "tools", from the environment, /config/equipment does not exist',
    );
  });

  it('ignores a file that is still being written', async () => {
    await defaults.poll();
    await write('equipment', 'cam');
    await defaults.poll();
    await write('equipment', 'cameras');
    await defaults.poll();
    expect(defaults.current().category).toBe('tools');
    await defaults.poll();
    expect(defaults.current().category).toBe('cameras');
  });

  it.each([
    ['empty', ' \n', `${EXPECTED} no visible character`],
    ['too long', 'x'.repeat(201), `${EXPECTED} 201 characters`],
    [
      'several lines long',
      'cameras\nlenses',
      `${EXPECTED} a line break or another control character`,
    ],
    ['binary', 'a\0b', `${EXPECTED} a line break or another control character`],
    ['cut inside a character', Buffer.from('카메라').subarray(0, 4), 'it is not UTF-8'],
  ])('keeps the last good value when a file is %s, and warns once', async (_, content, fault) => {
    await write('equipment', 'cameras');
    await defaults.poll();
    await write('equipment', content);
    await pollTwice();
    await pollTwice();
    expect(defaults.current().category).toBe('cameras');
    expect(logged.slice(1)).toEqual([`/config/equipment: ${fault}; category stays "cameras"`]);
  });

  it('keeps the last good value when a file cannot be read', async () => {
    await mkdir(join(folder, 'region'));
    await defaults.poll();
    expect(defaults.current().region).toBe('Seoul');
    expect(logged).toEqual([expect.stringMatching(/^\/config\/region: EISDIR.*stays "Seoul"$/)]);
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Defaults } from '../application/defaults.ts';
import { DETAIL } from '../domain/equipment.ts';

/** Where each value is: the files are named as the keys of ConfigMap equipment-category. */
const FILES = { category: 'equipment', region: 'region' } as const;

type Name = keyof typeof FILES;
type Values = { readonly [name in Name]?: string };

const EXPECTED = 'expected one line of 1 to 200 characters, in UTF-8';

/** Soon enough for a person who waits; a kubelet brings a changed ConfigMap within a minute or so. */
const LOOK_EVERY_MS = 1_000;

/** What a file was found to hold: a value, nothing as it is not there, or what is wrong with it. */
type Finding = { readonly value: string | undefined } | { readonly fault: string };

/**
 * Defaults from a folder, as Kubernetes mounts a ConfigMap. What a file in it says counts, and
 * where there is no file, the environment. A change takes effect without a restart; it is looked
 * for again and again, since not every kind of mount tells of changes.
 *
 * A file that cannot be used changes nothing: the last good value stays, and a warning says why.
 */
@Injectable()
export class DefaultsFolder extends Defaults implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Defaults');
  private readonly found = new Map<Name, string>();
  private readonly judged = new Map<Name, string>();
  private values: Values;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly environment: Values,
  ) {
    super();
    this.values = environment;
  }

  current(): Values {
    return this.values;
  }

  async onModuleInit(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => {
      this.looking ??= this.look().finally(() => (this.looking = undefined));
    }, LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /**
   * Looks once. The first finding counts at once, later ones when they are found twice: a file that
   * is just being written is not taken for complete.
   */
  async look(): Promise<void> {
    for (const name of Object.keys(FILES) as Name[]) {
      const path = join(this.folder, FILES[name]);
      const finding = await find(path);
      const key = JSON.stringify(finding);
      const settled = [undefined, key].includes(this.found.get(name));
      this.found.set(name, key);
      if (!settled || this.judged.get(name) === key) continue;
      this.judged.set(name, key);
      this.judge(name, path, finding);
    }
  }

  private judge(name: Name, path: string, finding: Finding): void {
    const { [name]: before, ...others } = this.values;
    if ('fault' in finding) {
      this.logger.warn(`${path}: ${finding.fault}; ${name} stays ${shown(before)}`);
      return;
    }
    const after = finding.value ?? this.environment[name];
    if (after === before) return;
    this.values = { ...others, ...(after !== undefined && { [name]: after }) };
    const source = finding.value === undefined ? `the environment, ${path} is gone` : path;
    this.logger.log(
      `default ${name} of new equipment: ${shown(before)} → ${shown(after)}, from ${source}`,
    );
  }
}

const shown = (value: string | undefined): string => JSON.stringify(value) ?? 'none';

async function find(path: string): Promise<Finding> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)).trim();
    return DETAIL.test(text) ? { value: text } : { fault: `${EXPECTED}, got ${described(text)}` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { value: undefined };
    return { fault: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? EXPECTED : message };
  }
}

function described(text: string): string {
  if (text === '') return 'nothing';
  return /\p{Cc}/u.test(text)
    ? 'a line break or another control character'
    : `${text.length} characters`;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from '@equipmgnt/http';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Defaults, type EquipmentDefaults } from '../../application/defaults.ts';
import { MAX_DETAIL } from '../../domain/equipment.ts';

/** The file of each default: the keys of ConfigMap equipment-category. */
const FILES = { category: 'equipment', region: 'region' } as const;

type Name = keyof typeof FILES;

const detail = text(MAX_DETAIL);

/** Short for a person who waits; a kubelet updates a mounted ConfigMap within about a minute. */
const POLL_MS = 1_000;

/** The content of a file: a value, undefined if the file does not exist, or why it is unusable. */
type Content = { readonly value: string | undefined } | { readonly fault: string };

/**
 * Defaults from a folder, as Kubernetes mounts a ConfigMap. A file takes precedence over the
 * environment variable. A change takes effect without a restart. The folder is polled, because not
 * every kind of mount reports changes.
 *
 * An unusable file changes nothing: the last good value stays, and a warning says why.
 */
@Injectable()
export class DefaultsFolder extends Defaults implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Defaults');
  /** The last content read from each file, as JSON. */
  private readonly lastRead = new Map<Name, string>();
  /** The last content that was applied or reported, as JSON. */
  private readonly lastApplied = new Map<Name, string>();
  private values: EquipmentDefaults;
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly environment: EquipmentDefaults,
  ) {
    super();
    this.values = environment;
  }

  current(): EquipmentDefaults {
    return this.values;
  }

  async onModuleInit(): Promise<void> {
    await this.poll();
    this.timer = setInterval(() => {
      this.polling ??= this.poll().finally(() => (this.polling = undefined));
    }, POLL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /**
   * Reads the files once. The first content takes effect immediately. A later change takes effect
   * when two polls in a row read the same, so that a file that is still being written is not used.
   */
  async poll(): Promise<void> {
    for (const name of Object.keys(FILES) as Name[]) {
      const path = join(this.folder, FILES[name]);
      const content = await read(path);
      const key = JSON.stringify(content);
      const settled = [undefined, key].includes(this.lastRead.get(name));
      this.lastRead.set(name, key);
      if (!settled || this.lastApplied.get(name) === key) continue;
      this.lastApplied.set(name, key);
      this.apply(name, path, content);
    }
  }

  private apply(name: Name, path: string, content: Content): void {
    const { [name]: before, ...others } = this.values;
    if ('fault' in content) {
      this.logger.warn(`${path}: ${content.fault}; ${name} stays ${shown(before)}`);
      return;
    }
    const after = content.value ?? this.environment[name];
    if (after === before) return;
    this.values = { ...others, ...(after !== undefined && { [name]: after }) };
    const source = content.value === undefined ? `the environment, ${path} does not exist` : path;
    this.logger.log(
      `default ${name} of new equipment: ${shown(before)} → ${shown(after)}, from ${source}`,
    );
  }
}

const shown = (value: string | undefined): string => JSON.stringify(value) ?? 'none';

async function read(path: string): Promise<Content> {
  try {
    const content = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    const { data, error } = detail.safeParse(content);
    return error ? { fault: String(error.issues[0]?.message) } : { value: data };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { value: undefined };
    return { fault: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : message };
  }
}

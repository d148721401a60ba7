import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { NoConnection } from './errors.ts';
import { CONNECT_TIMEOUT_MS } from './options.ts';

/** A page that takes longer is not worth its connection; 10 s is the limit of other statements. */
const LIST_TIMEOUT_MS = 3_000;

/** Lists use at most this share of the connections, so that readers cannot keep orders from being taken. */
export const LIST_SHARE = 1 / 4;

/** Limits how many lists are read at the same time. */
export class ListReads {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param limit of concurrent lists */
  constructor(private readonly limit: number) {}

  /** @throws NoConnection when it would wait too long for other lists */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await this.turn();
    else this.running += 1;
    try {
      return await read();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  /** Waits for the place of a list that ends. */
  private async turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push(resolve);
    const tooLate = new AbortController();
    const timeout = delay(CONNECT_TIMEOUT_MS, 'late', { signal: tooLate.signal });
    timeout.catch(() => undefined);
    const outcome = await Promise.race([promise, timeout]);
    tooLate.abort();
    const place = this.waiting.indexOf(resolve);
    if (outcome !== 'late' || place < 0) return; // its turn may come in the same moment
    this.waiting.splice(place, 1);
    throw new NoConnection(new Error('too many lists are being read'));
  }
}

/** A ServiceDatabase. */
type WithLists = DataSource & { readonly lists: ListReads };

/** Reads a list from PostgreSQL, with a short time limit for each statement. */
export const readPostgresList = <T>(
  database: DataSource,
  read: (manager: EntityManager) => Promise<T>,
): Promise<T> =>
  (database as WithLists).lists.run(() =>
    database.transaction(async (manager) => {
      await manager.query(`SET LOCAL statement_timeout = ${LIST_TIMEOUT_MS}`);
      return read(manager);
    }),
  );

/** Reads a list from MariaDB, with a short time limit for each statement. Await one before the next. */
export const readMariadbList = <T>(
  database: DataSource,
  read: (query: (sql: string, values: unknown[]) => Promise<unknown[]>) => Promise<T>,
): Promise<T> =>
  (database as WithLists).lists.run(() =>
    read((sql, values) =>
      database.query(
        `SET STATEMENT max_statement_time = ${LIST_TIMEOUT_MS / 1_000} FOR ${sql}`,
        values,
      ),
    ),
  );

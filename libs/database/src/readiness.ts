import type { HealthReport } from '@equipmgnt/runtime';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Availability } from './availability.ts';
import { isRefusal, NoConnection, reasonOf } from './errors.ts';
import { forChecks } from './options.ts';
import { ServiceDatabase } from './service-database.ts';

const READ_ONLY = 'it is read-only';

/** The variable is 1 or ON for a server that accepts no writes, depending on its version. */
const QUERIES = {
  postgres: `SELECT current_setting('transaction_read_only') AS value`,
  mariadb: 'SELECT greatest(@@global.read_only, @@global.innodb_read_only) AS value',
};

/**
 * Whether the database can be reached and accepts writes. Each check opens a connection of its own: a
 * service whose pool is busy is not broken, and a connection of the pool may lead to a server that is no
 * longer the primary.
 */
export class Readiness implements OnApplicationShutdown {
  private readonly own: ServiceDatabase;
  private readonly query: string;
  private opened: Promise<unknown> | undefined;

  constructor(private readonly database: ServiceDatabase) {
    this.query = QUERIES[database.options.type as keyof typeof QUERIES];
    this.own = new ServiceDatabase(forChecks(database.options), new Availability());
  }

  async check(): Promise<HealthReport> {
    const { availability } = this.database;
    const readOnly = await this.isReadOnly();
    availability.works('connect');
    if (readOnly) this.database.leaveReadOnlyServer(READ_ONLY);
    else availability.works('write');
    const database = this.database.options.type;
    return { up: !readOnly, detail: { database, ...(readOnly && { error: READ_ONLY }) } };
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.own.isInitialized) await this.own.destroy();
  }

  private async isReadOnly(): Promise<boolean> {
    let rows: { value: unknown }[];
    try {
      await this.open();
      rows = await this.own.query(this.query);
    } catch (error) {
      const cause = error instanceof NoConnection ? error.cause : error;
      if (!isRefusal(cause)) {
        this.database.availability.failed('connect', reasonOf(cause));
        throw error;
      }
      rows = await this.database.query(this.query); // it may have connections from before
    }
    return !['off', '0'].includes(String(rows[0]?.value).toLowerCase());
  }

  private open(): Promise<unknown> {
    return (this.opened ??= this.own.initialize().catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    }));
  }
}

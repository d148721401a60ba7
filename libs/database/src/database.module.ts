import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Health, Pressure } from '@equipmgnt/runtime';
import type { Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { connect } from './connect.ts';

/** New requests are refused when this many times the pool's size wait for a connection. */
const MAX_WAITING = 10;

/** A service's own database: connected and migrated before the service listens; its readiness check. */
@Module({})
export class DatabaseModule implements OnModuleInit {
  static with(options: DataSourceOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...options, retryAttempts: 0 }),
          dataSourceFactory: () => connect(options),
        }),
      ],
    };
  }

  constructor(
    private readonly dataSource: DataSource,
    private readonly health: Health,
    private readonly pressure: Pressure,
  ) {}

  onModuleInit(): void {
    this.health.addReadiness('db', async () => {
      await this.dataSource.query('SELECT 1');
      return { up: true, detail: { database: this.dataSource.options.type } };
    });
    if (this.dataSource.options.type === 'postgres') {
      const { master: pool } = this.dataSource.driver as unknown as { master: Pool };
      this.pressure.add(() => pool.waitingCount > MAX_WAITING * pool.options.max);
    }
  }
}

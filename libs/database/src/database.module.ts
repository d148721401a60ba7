import {
  Logger,
  Module,
  type DynamicModule,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Health, MetricsRegistry, Pressure } from '@equipmgnt/runtime';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { connect } from './connect.ts';
import { Readiness } from './readiness.ts';
import type { ServiceDatabase } from './service-database.ts';

const CHECK_EVERY_MS = 200;

/** A service's own database: connected and migrated before the service listens; its readiness check. */
@Module({})
export class DatabaseModule implements OnModuleInit, OnModuleDestroy {
  static with(options: DataSourceOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...options, retryAttempts: 0 }),
          dataSourceFactory: () => connect(options),
        }),
      ],
      providers: [
        {
          provide: Readiness,
          inject: [DataSource],
          useFactory: (it: ServiceDatabase) => new Readiness(it),
        },
      ],
    };
  }

  constructor(
    private readonly database: DataSource,
    private readonly readiness: Readiness,
    private readonly health: Health,
    private readonly pressure: Pressure,
    private readonly metrics: MetricsRegistry,
  ) {}

  onModuleInit(): void {
    this.health.addReadiness('db', () => this.readiness.check());
    this.pressure.add(() => this.service.isSaturated);
    this.showPool();
  }

  /**
   * Statements that hang would keep their requests, consumers and the pool from ending. In the second half
   * of the time for stopping, their connections are closed, also those that a retry opens.
   */
  onModuleDestroy(): void {
    const halfMs = this.health.stopWithinMs / 2;
    if (!Number.isFinite(halfMs)) return;
    const end = performance.now() + halfMs;
    setInterval(() => {
      if (performance.now() < end) return;
      const closed = this.service.closeAllConnections();
      if (closed > 0) new Logger('Database').warn(`stopping: ${closed} connections were closed`);
    }, CHECK_EVERY_MS).unref();
  }

  private showPool(): void {
    const usage = () => this.service.poolUsage;
    this.metrics.gauge({
      name: 'database_connections',
      help: 'Open connections of the pool, by whether they are used',
      labelNames: ['state'],
      collect() {
        const { open, idle } = usage();
        this.set({ state: 'used' }, open - idle);
        this.set({ state: 'idle' }, idle);
      },
    });
    this.metrics.gauge({
      name: 'database_connection_waiters',
      help: 'Callers that wait for a connection of the pool',
      collect() {
        this.set(usage().waiting);
      },
    });
  }

  private get service(): ServiceDatabase {
    return this.database as ServiceDatabase;
  }
}

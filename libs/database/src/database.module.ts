import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Health, Pressure } from '@equipmgnt/runtime';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { connect } from './connect.ts';
import { Readiness } from './readiness.ts';
import type { ServiceDatabase } from './service-database.ts';

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
  ) {}

  onModuleInit(): void {
    this.health.addReadiness('db', () => this.readiness.check());
    this.pressure.add(() => (this.database as ServiceDatabase).isSaturated);
  }
}

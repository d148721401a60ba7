import { DatabaseModule } from '@equipmgnt/database';
import { MessagingModule } from '@equipmgnt/messaging';
import { Module, type DynamicModule } from '@nestjs/common';
import { Rentals } from './application/rentals.ts';
import { ViewConsumer } from './inbound/events/view.consumer.ts';
import { MisController } from './inbound/http/mis.controller.ts';
import type { MisConfig } from './mis.config.ts';
import { misDatabase } from './mis.database.ts';
import { MariadbRentals } from './outbound/mariadb/mariadb-rentals.ts';
import { CountRentals } from './outbound/mariadb/rental-counts.ts';

@Module({})
export class MisModule {
  static with(config: MisConfig): DynamicModule {
    return {
      module: MisModule,
      imports: [
        DatabaseModule.with(misDatabase(config)),
        MessagingModule.with({ service: 'mis', config, publishes: false }),
      ],
      controllers: [MisController, ViewConsumer],
      providers: [{ provide: Rentals, useClass: MariadbRentals }, CountRentals],
    };
  }
}

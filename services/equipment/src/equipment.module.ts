import {
  DatabaseModule,
  ForgetIdempotencyKeys,
  IdempotencyKeys,
  SumRowCount,
} from '@equipmgnt/database';
import { MessagingModule } from '@equipmgnt/messaging';
import { Module, type DynamicModule } from '@nestjs/common';
import { Defaults } from './application/defaults.ts';
import { Equipments } from './application/equipments.ts';
import { MoveStock } from './application/move-stock.ts';
import { RegisterEquipment } from './application/register-equipment.ts';
import { defaultsFrom, type EquipmentConfig } from './equipment.config.ts';
import { equipmentDatabase } from './equipment.database.ts';
import { ApprovalConsumer } from './inbound/events/approval.consumer.ts';
import { EquipmentsController } from './inbound/http/equipments.controller.ts';
import { DefaultsFolder } from './outbound/files/defaults-folder.ts';
import { PostgresEquipments } from './outbound/postgres/postgres-equipments.ts';

@Module({})
export class EquipmentModule {
  static with(config: EquipmentConfig): DynamicModule {
    const defaults = defaultsFrom(config);
    return {
      module: EquipmentModule,
      imports: [
        DatabaseModule.with(equipmentDatabase(config)),
        MessagingModule.with({
          service: 'equipment',
          config,
          publishes: true,
          ids: {
            table: 'equipments',
            types: ['equipmgnt.EquipmentRegistered.v1'],
            field: 'equipmentId',
          },
        }),
      ],
      controllers: [EquipmentsController, ApprovalConsumer],
      providers: [
        { provide: Equipments, useClass: PostgresEquipments },
        { provide: Defaults, useFactory: () => new DefaultsFolder(config.CONFIG_DIR, defaults) },
        RegisterEquipment,
        MoveStock,
        IdempotencyKeys,
        ForgetIdempotencyKeys,
        SumRowCount,
      ],
    };
  }
}

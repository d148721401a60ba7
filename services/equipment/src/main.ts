import { isTransient, isOutcomeUnknown } from '@equipmgnt/database';
import { consumeEvents } from '@equipmgnt/messaging';
import { readConfig } from '@equipmgnt/runtime';
import { runService } from '@equipmgnt/http';
import { equipmentPaths } from './inbound/http/equipments.api.ts';
import { equipmentConfig } from './equipment.config.ts';
import { EquipmentModule } from './equipment.module.ts';

await runService('equipment', () => {
  const config = readConfig(equipmentConfig);
  return {
    name: 'equipment',
    config,
    module: EquipmentModule.with(config),
    paths: equipmentPaths,
    isTransient,
    isOutcomeUnknown,
    prepare: consumeEvents,
  };
});

import { isTransient } from '@equipmgnt/database';
import { consumeEvents } from '@equipmgnt/messaging';
import { readConfig, runService } from '@equipmgnt/service';
import { misConfig } from './mis.config.ts';
import { MisModule } from './mis.module.ts';

await runService('mis', () => {
  const config = readConfig(misConfig);
  return {
    name: 'mis',
    config,
    module: MisModule.with(config),
    isTransient,
    prepare: consumeEvents,
  };
});

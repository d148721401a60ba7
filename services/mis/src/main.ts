import { isTransient } from '@equipmgnt/database';
import { consumeEvents } from '@equipmgnt/messaging';
import { readConfig } from '@equipmgnt/runtime';
import { runService } from '@equipmgnt/http';
import { rentalPaths } from './inbound/http/mis.api.ts';
import { misConfig } from './mis.config.ts';
import { MisModule } from './mis.module.ts';

await runService('mis', () => {
  const config = readConfig(misConfig);
  return {
    name: 'mis',
    config,
    module: MisModule.with(config),
    paths: rentalPaths,
    isTransient,
    prepare: consumeEvents,
  };
});

import { isTransient, isOutcomeUnknown } from '@equipmgnt/database';
import { consumeEvents } from '@equipmgnt/messaging';
import { readConfig } from '@equipmgnt/runtime';
import { runService } from '@equipmgnt/http';
import { orderPaths } from './inbound/http/orders.api.ts';
import { orderConfig } from './order.config.ts';
import { OrderModule } from './order.module.ts';

await runService('order', () => {
  const config = readConfig(orderConfig);
  return {
    name: 'order',
    config,
    module: OrderModule.with(config),
    paths: orderPaths,
    isTransient,
    isOutcomeUnknown,
    prepare: consumeEvents,
  };
});

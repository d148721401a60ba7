import { isTransient } from '@equipmgnt/database';
import { consumeEvents } from '@equipmgnt/messaging';
import { readConfig } from '@equipmgnt/runtime';
import { runService } from '@equipmgnt/http';
import { approvalPaths } from './inbound/http/approvals.api.ts';
import { approvalConfig } from './approval.config.ts';
import { ApprovalModule } from './approval.module.ts';

await runService('approval', () => {
  const config = readConfig(approvalConfig);
  return {
    name: 'approval',
    config,
    module: ApprovalModule.with(config),
    paths: approvalPaths,
    isTransient,
    prepare: consumeEvents,
  };
});

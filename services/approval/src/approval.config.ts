import { postgresConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { env, processConfig } from '@equipmgnt/runtime';
import type { z } from 'zod';

export const approvalConfig = processConfig
  .extend(postgresConfig.shape)
  .extend(kafkaConfig.shape)
  .extend({
    /** The mean artificial delay of POST /approvals, for load demonstrations. */
    APPROVAL_DELAY_MS: env.whole(0, 60_000, 0),
    /** The largest deviation from the mean. */
    APPROVAL_DELAY_JITTER_MS: env.whole(0, 60_000, 0),
  });

export type ApprovalConfig = z.infer<typeof approvalConfig>;

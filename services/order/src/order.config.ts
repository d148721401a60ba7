import { postgresConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { env, processConfig } from '@equipmgnt/runtime';
import type { z } from 'zod';

export const orderConfig = processConfig
  .extend(postgresConfig.shape)
  .extend(kafkaConfig.shape)
  .extend({
    /** The address of the approval service. */
    APPROVAL_URL: env.url('http', 'https'),
    /** A call to approval is aborted after this time, and the order waits for the event. */
    APPROVAL_TIMEOUT_MS: env.whole(10, 60_000, 1_000),
    /** The most concurrent calls to approval. */
    APPROVAL_MAX_CONCURRENT: env.whole(1, 10_000, 50),
    /** The least number of calls in the window before the breaker can open. */
    BREAKER_VOLUME_THRESHOLD: env.whole(1, 1_000_000, 10),
    /** The breaker opens when more than this share of the calls in the window failed. */
    BREAKER_ERROR_THRESHOLD_PERCENT: env.whole(1, 100, 50),
    BREAKER_WINDOW_MS: env.whole(100, 600_000, 10_000),
    /** An open breaker lets one call through after this time. */
    BREAKER_RESET_MS: env.whole(10, 600_000, 5_000),
  });

export type OrderConfig = z.infer<typeof orderConfig>;

import { postgresConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { env, processConfig } from '@equipmgnt/runtime';
import type { z } from 'zod';

export const orderConfig = processConfig
  .extend(postgresConfig.shape)
  .extend(kafkaConfig.shape)
  .extend({
    /** Where approval is asked. */
    APPROVAL_URL: env.url('http', 'https'),
    /** A call to approval is given up after this, and the order waits for the event. */
    APPROVAL_TIMEOUT_MS: env.whole(10, 60_000, 1_000),
    /** Calls to approval at once. */
    APPROVAL_MAX_CONCURRENT: env.whole(1, 10_000, 50),
    /** Of at least so many calls in the window … */
    BREAKER_VOLUME_THRESHOLD: env.whole(1, 1_000_000, 10),
    /** … more than this share must fail to open the breaker … */
    BREAKER_ERROR_THRESHOLD_PERCENT: env.whole(1, 100, 50),
    BREAKER_WINDOW_MS: env.whole(100, 600_000, 10_000),
    /** … which lets a call through again after this. */
    BREAKER_RESET_MS: env.whole(10, 600_000, 5_000),
    /** Orders that have waited this long are asked about again. */
    WAITING_RECHECK_MS: env.whole(100, 3_600_000, 30_000),
  });

export type OrderConfig = z.infer<typeof orderConfig>;

/** Injection token of the configuration. */
export const ORDER_CONFIG = Symbol('OrderConfig');

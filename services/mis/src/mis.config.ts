import { mariadbConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { processConfig } from '@equipmgnt/runtime';
import type { z } from 'zod';

export const misConfig = processConfig.extend(mariadbConfig.shape).extend(kafkaConfig.shape);

export type MisConfig = z.infer<typeof misConfig>;

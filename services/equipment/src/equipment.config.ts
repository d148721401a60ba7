import { postgresConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { processConfig } from '@equipmgnt/service';
import { z } from 'zod';

export const equipmentConfig = processConfig
  .extend(postgresConfig.shape)
  .extend(kafkaConfig.shape)
  .extend({
    // These two names are the original's: its ConfigMap's keys `equipment` and `region`.
    /** The category of newly registered equipment that names none. */
    EQUIPMENT: z.string().trim().max(200).optional(),
    /** The region of newly registered equipment that names none. */
    CATEGORY: z.string().trim().max(200).optional(),
    /** Where these two may also be, as files `equipment` and `region`, which then count. */
    CONFIG_DIR: z.string().min(1).default('/config'),
  });

export type EquipmentConfig = z.infer<typeof equipmentConfig>;

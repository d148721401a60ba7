import { postgresConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { processConfig } from '@equipmgnt/runtime';
import { z } from 'zod';
import { DETAIL } from './domain/equipment.ts';

const text = z.string().trim().regex(DETAIL, 'expected one line of 1 to 200 characters');

export const equipmentConfig = processConfig
  .extend(postgresConfig.shape)
  .extend(kafkaConfig.shape)
  .extend({
    // These two names are the original's: its ConfigMap's keys `equipment` and `region`.
    /** The category of newly registered equipment that names none. */
    EQUIPMENT: text.optional(),
    /** The region of newly registered equipment that names none. */
    CATEGORY: text.optional(),
    /** Where these two may also be, as files `equipment` and `region`, which then count. */
    CONFIG_DIR: z.string().min(1).default('/config'),
  });

export type EquipmentConfig = z.infer<typeof equipmentConfig>;

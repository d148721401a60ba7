import { text } from '@equipmgnt/http';
import { postgresConfig } from '@equipmgnt/database';
import { kafkaConfig } from '@equipmgnt/messaging';
import { processConfig } from '@equipmgnt/runtime';
import { z } from 'zod';
import type { EquipmentDefaults } from './application/defaults.ts';
import { MAX_DETAIL } from './domain/equipment.ts';

export const equipmentConfig = processConfig
  .extend(postgresConfig.shape)
  .extend(kafkaConfig.shape)
  .extend({
    /** The default category; see {@link defaultsFrom} for its name. */
    EQUIPMENT: text(MAX_DETAIL).optional(),
    /** The default region; see {@link defaultsFrom} for its name. */
    CATEGORY: text(MAX_DETAIL).optional(),
    /** A folder with the same defaults as files `equipment` and `region`, which take precedence. */
    CONFIG_DIR: z.string().min(1).default('/config'),
  });

export type EquipmentConfig = z.infer<typeof equipmentConfig>;

/**
 * The defaults for newly registered equipment. Their variables keep the names of the original
 * application, which do not say what they hold: EQUIPMENT is a category and CATEGORY a region.
 */
export const defaultsFrom = ({ EQUIPMENT, CATEGORY }: EquipmentConfig): EquipmentDefaults => ({
  ...(EQUIPMENT !== undefined && { category: EQUIPMENT }),
  ...(CATEGORY !== undefined && { region: CATEGORY }),
});

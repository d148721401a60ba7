import { MAX_QUANTITY } from '@equipmgnt/contracts';
import {
  answer,
  count,
  id,
  idempotencyKey,
  json,
  list,
  pageQuery,
  read,
  refusal,
  resource,
  text,
  time,
  wholeNumber,
  type ApiPaths,
} from '@equipmgnt/http';
import { z } from 'zod';
import { EQUIPMENT_SORTS } from '../../application/equipments.ts';
import { MAX_DETAIL } from '../../domain/equipment.ts';

const detail = text(MAX_DETAIL).exactOptional();

export const registerEquipment = z.strictObject({
  /** Units at the start. */
  stock: wholeNumber(0, MAX_QUANTITY),
  name: detail,
  category: detail,
  region: detail,
});

export const listEquipments = pageQuery(EQUIPMENT_SORTS, {});

const equipment = resource('Equipment', {
  id,
  name: z.string().optional(),
  category: z.string().optional(),
  region: z.string().optional(),
  stock: count.describe('Units that can be lent now.'),
  status: z.enum(['AVAILABLE', 'OUT_OF_STOCK']),
  registeredAt: time,
});

export const equipmentPaths: ApiPaths = {
  '/equipments': {
    post: {
      summary: 'Register equipment',
      requestParams: { header: idempotencyKey },
      requestBody: json(registerEquipment),
      responses: {
        '201': answer('The equipment.', equipment, 'location'),
        '400': refusal('A bad field, or a body that is not JSON.'),
        '422': refusal('The Idempotency-Key belongs to another request.'),
      },
    },
    get: list('List equipment', 'equipments', equipment, listEquipments),
  },
  '/equipments/{id}': { get: read('Read equipment', equipment, 'No such equipment.') },
};

import { MAX_QUANTITY } from '@equipmgnt/contracts';
import {
  answer,
  count,
  id,
  idempotencyKey,
  json,
  pageOf,
  pageQuery,
  pathId,
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
    get: {
      summary: 'List equipment',
      requestParams: { query: listEquipments },
      responses: {
        '200': answer('A page of equipment.', pageOf('equipments', equipment), 'etag'),
        '400': refusal('A bad parameter.'),
      },
    },
  },
  '/equipments/{id}': {
    get: {
      summary: 'Read equipment',
      requestParams: { path: pathId },
      responses: {
        '200': answer('The equipment.', equipment, 'etag'),
        '400': refusal('A bad id.'),
        '404': refusal('No such equipment.'),
      },
    },
  },
};

import { type FastifyRequest, type Hal, halResource } from '@equipmgnt/http';
import type { Equipment, EquipmentStatus } from '../../domain/equipment.ts';

/** Equipment as the API shows it. Times are ISO 8601, in UTC. */
export interface EquipmentBody {
  id: number;
  name?: string;
  category?: string;
  region?: string;
  /** Units that can be lent now. */
  stock: number;
  status: EquipmentStatus;
  registeredAt: Date;
}

/** Equipment with a link to itself. */
export function equipmentResource(
  request: FastifyRequest,
  { id, details, stock, status, registeredAt }: Equipment,
): Hal<EquipmentBody> {
  const body = { id, ...details, stock, status, registeredAt };
  return halResource(request, 'equipment', 'equipments', body);
}

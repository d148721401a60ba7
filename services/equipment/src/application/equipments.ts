import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import type { Equipment, NewEquipment } from '../domain/equipment.ts';
import type { StockLedger, StockRequest } from '../domain/stock-ledger.ts';

/** What a list can be sorted by: an index has each of these orders. A name may be too long for one. */
export const EQUIPMENT_SORTS = ['id'] as const;

/** Decides about one request, by changing the equipment and the ledger. */
export type Decide = (
  request: StockRequest,
  equipment: Equipment | undefined,
  ledger: StockLedger,
) => void;

/** The equipment of this service, and its stock. */
export abstract class Equipments {
  /**
   * Stores equipment, its event EquipmentRegistered and its key in one transaction. Of all requests
   * with one key, one registers equipment; the others get it as it was registered.
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  abstract register(equipment: NewEquipment, now: Date, key?: RequestKey): Promise<Equipment>;

  abstract find(id: number): Promise<Equipment | undefined>;

  abstract page(request: PageRequest): Promise<Page<Equipment>>;

  /**
   * Locks the equipment, decides about the requests one after another, and saves stock, ledger and
   * events in one transaction.
   */
  abstract move(requests: readonly StockRequest[], decide: Decide): Promise<void>;
}

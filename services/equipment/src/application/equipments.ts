import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { Equipment, NewEquipment } from '../domain/equipment.ts';
import type { StockLedger, StockRequest } from '../domain/stock-ledger.ts';

/** Decides about one request, by changing the equipment and the ledger. */
export type Decide = (
  request: StockRequest,
  equipment: Equipment | undefined,
  ledger: StockLedger,
) => void;

/** The equipment of this service, and its stock. */
export abstract class Equipments {
  /** Stores equipment and its event EquipmentRegistered in one transaction. */
  abstract register(equipment: NewEquipment, now: Date): Promise<Equipment>;

  abstract find(id: number): Promise<Equipment | undefined>;

  abstract page(request: PageRequest): Promise<Page<Equipment>>;

  /**
   * Locks the equipment, decides about the requests one after another, and saves stock, ledger and
   * events in one transaction.
   */
  abstract move(requests: readonly StockRequest[], decide: Decide): Promise<void>;
}

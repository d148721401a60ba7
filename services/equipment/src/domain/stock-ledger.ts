import type { EventFact } from '@equipmgnt/contracts';
import type { Equipment } from './equipment.ts';

/** A request to hand out the units of an order, or to take them back. */
export interface StockRequest {
  readonly orderId: number;
  readonly approvalId: number;
  readonly equipmentId: number;
  readonly qty: number;
}

export type Direction = 'OUT' | 'IN';

/**
 * The result of a request. OUT: TAKEN from stock, REFUSED, or VOID because the cancellation came
 * first. IN: RETURNED to stock, or VOID because nothing had been taken.
 */
export type Outcome = 'TAKEN' | 'REFUSED' | 'RETURNED' | 'VOID';

/** An entry of the ledger. There is at most one for each order and direction. */
export interface LedgerEntry {
  readonly orderId: number;
  readonly direction: Direction;
  readonly equipmentId: number;
  readonly qty: number;
  readonly outcome: Outcome;
  readonly at: Date;
}

/**
 * The stock ledger of some orders. It makes each movement of stock happen exactly once, in whatever
 * order and however often the requests are delivered.
 */
export class StockLedger {
  /** New entries, in the order in which they were written. */
  readonly written: LedgerEntry[] = [];
  /** The events to publish with them. */
  readonly facts: EventFact[] = [];
  private readonly entries = new Map<string, LedgerEntry>();

  constructor(entries: readonly LedgerEntry[]) {
    for (const entry of entries) this.entries.set(keyOf(entry.orderId, entry.direction), entry);
  }

  /** Hands units out for an approved order, or refuses the request. */
  handOut(request: StockRequest, equipment: Equipment | undefined, now: Date): void {
    const { orderId, equipmentId, qty } = request;
    if (this.find(orderId, 'OUT')) return;
    if (equipment === undefined) return this.refuse(request, 'UNKNOWN_EQUIPMENT', now);
    if (!equipment.has(qty)) return this.refuse(request, 'OUT_OF_STOCK', now);
    equipment.take(qty);
    this.write(request, 'OUT', 'TAKEN', now);
    const data = { orderId, equipmentId, qty, stock: equipment.stock };
    this.facts.push({ type: 'equipmgnt.StockDecreased.v1', data, at: now });
  }

  /**
   * Takes back as many units as were handed out for a cancelled order. If none were, a VOID entry
   * makes sure that none will be. The entry also stops a concurrent consumer that hands them out. The
   * lock on the equipment cannot do that while the equipment is still being registered.
   */
  takeBack(request: StockRequest, equipment: Equipment | undefined, now: Date): void {
    const { orderId, equipmentId } = request;
    if (this.find(orderId, 'IN')) return;
    const out = this.find(orderId, 'OUT');
    if (out === undefined) this.write(request, 'OUT', 'VOID', now);
    if (out?.outcome !== 'TAKEN' || equipment === undefined) {
      return this.write(request, 'IN', 'VOID', now);
    }
    const { qty } = out;
    equipment.giveBack(qty);
    this.write({ ...request, qty }, 'IN', 'RETURNED', now);
    const data = { orderId, equipmentId, qty, stock: equipment.stock };
    this.facts.push({ type: 'equipmgnt.StockIncreased.v1', data, at: now });
  }

  private find(orderId: number, direction: Direction): LedgerEntry | undefined {
    return this.entries.get(keyOf(orderId, direction));
  }

  private refuse(request: StockRequest, reason: string, now: Date): void {
    this.write(request, 'OUT', 'REFUSED', now);
    this.facts.push({ type: 'equipmgnt.StockRejected.v1', data: { ...request, reason }, at: now });
  }

  private write(
    { orderId, equipmentId, qty }: StockRequest,
    direction: Direction,
    outcome: Outcome,
    at: Date,
  ): void {
    const entry = { orderId, direction, equipmentId, qty, outcome, at };
    this.entries.set(keyOf(orderId, direction), entry);
    this.written.push(entry);
  }
}

const keyOf = (orderId: number, direction: Direction): string => `${orderId}/${direction}`;

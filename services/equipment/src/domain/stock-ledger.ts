import type { EventFact } from '@equipmgnt/contracts';
import type { Equipment } from './equipment.ts';

/** Units that are to be handed out for an order, or taken back. */
export interface StockRequest {
  readonly orderId: number;
  readonly approvalId: number;
  readonly equipmentId: number;
  readonly qty: number;
}

export type Direction = 'OUT' | 'IN';

/**
 * What came of it. OUT: TAKEN from stock, REFUSED, or VOID because the cancellation came first. IN:
 * RETURNED to stock, or VOID because nothing had been taken.
 */
export type Outcome = 'TAKEN' | 'REFUSED' | 'RETURNED' | 'VOID';

/** A line of the ledger; there is at most one for each order and direction. */
export interface LedgerEntry {
  readonly orderId: number;
  readonly direction: Direction;
  readonly equipmentId: number;
  readonly qty: number;
  readonly outcome: Outcome;
  readonly at: Date;
}

/**
 * The part of the stock ledger that has to do with some orders. It is what makes every movement of
 * stock happen once, in whatever order and however often the requests come.
 */
export class StockLedger {
  /** New lines, in the order in which they were written. */
  readonly written: LedgerEntry[] = [];
  /** What others are to know of them. */
  readonly facts: EventFact[] = [];
  private readonly entries = new Map<string, LedgerEntry>();

  constructor(entries: readonly LedgerEntry[]) {
    for (const entry of entries) this.entries.set(keyOf(entry.orderId, entry.direction), entry);
  }

  /** Hands units out for an approved order, or refuses to. */
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
   * Takes the units of a cancelled order back, as many as were handed out for it. When none were yet,
   * none will be: the line that says so also stops whoever hands them out at the same moment, which
   * the equipment's lock alone does not while the equipment is only just being registered.
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

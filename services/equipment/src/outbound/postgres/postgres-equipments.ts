import { findPage } from '@equipmgnt/database';
import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import { currentCorrelation } from '@equipmgnt/runtime';
import { type Page, type PageRequest } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Equipments, type Decide } from '../../application/equipments.ts';
import type { Equipment, NewEquipment } from '../../domain/equipment.ts';
import { StockLedger, type LedgerEntry, type StockRequest } from '../../domain/stock-ledger.ts';
import { equipmentEntity, toEquipment, type EquipmentRow } from './equipment.entity.ts';
import * as sql from './statements.ts';

/** Another consumer was faster: it wrote the same ledger line, or used equipment not seen here yet. */
class Overtaken extends Error {}

@Injectable()
export class PostgresEquipments extends Equipments {
  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
  ) {
    super();
  }

  async register(equipment: NewEquipment, now: Date): Promise<Equipment> {
    const { stock, name, category, region } = equipment;
    const { traceparent } = currentCorrelation();
    const [row] = await this.database.query(sql.REGISTER, [
      stock,
      name ?? null,
      category ?? null,
      region ?? null,
      now,
      traceparent ?? null,
    ]);
    this.relay.nudge();
    return toEquipment(row);
  }

  async find(id: number): Promise<Equipment | undefined> {
    const [row]: EquipmentRow[] = await this.database.query(sql.FIND, [id]);
    return row && toEquipment(row);
  }

  page(wanted: PageRequest): Promise<Page<Equipment>> {
    return findPage(this.database.getRepository(equipmentEntity), wanted, toEquipment);
  }

  async move(requests: readonly StockRequest[], decide: Decide): Promise<void> {
    try {
      await this.database.transaction((manager) => moveStock(manager, requests, decide));
    } catch (error) {
      // Unknown equipment has no row to lock, so two consumers may decide on it at once, as during a
      // rebalance; whoever comes second looks again and finds the first one's line. The same when it
      // was registered, and handed out, since this one looked for it.
      if (error instanceof Overtaken) return this.move(requests, decide);
      throw error;
    }
    this.relay.nudge();
  }
}

async function moveStock(
  manager: EntityManager,
  requests: readonly StockRequest[],
  decide: Decide,
): Promise<void> {
  const ids = [...new Set(requests.map(({ equipmentId }) => equipmentId))];
  const rows: EquipmentRow[] = await manager.query(sql.LOCK, [ids]);
  const equipments = new Map(rows.map((row) => [row.id, toEquipment(row)]));
  // after the lock, so that it shows what its former holder has written
  const orderIds = requests.map(({ orderId }) => orderId);
  const entries: LedgerEntry[] = await manager.query(sql.LEDGER_OF, [orderIds]);
  const unseen = ids.filter((id) => !equipments.has(id));
  const takenFrom = entries.filter(({ outcome }) => outcome === 'TAKEN');
  if (takenFrom.some(({ equipmentId }) => unseen.includes(equipmentId))) throw new Overtaken();
  const ledger = new StockLedger(entries);
  for (const request of requests) decide(request, equipments.get(request.equipmentId), ledger);
  if (ledger.written.length === 0) return;

  const movements = [...equipments.values()]
    .filter(({ moved }) => moved !== 0)
    .map(({ id, moved }) => ({ id, units: moved }));
  const [saved] = await manager.query(sql.SAVE, [
    JSON.stringify(movements),
    JSON.stringify(ledger.written),
    eventsParameter(ledger.facts),
  ]);
  if (saved.written !== ledger.written.length) throw new Overtaken();
  if (saved.moved !== movements.length) {
    throw new Error(`stock of equipment ${movements.map(({ id }) => id)} would fall below 0`);
  }
}

import { Batcher, findPage, IdempotencyKeys, runPrepared } from '@equipmgnt/database';
import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import { currentCorrelation, MetricsRegistry, withCorrelation } from '@equipmgnt/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Equipments, type Decide } from '../../application/equipments.ts';
import { equipmentRegistered, type Equipment, type NewEquipment } from '../../domain/equipment.ts';
import { StockLedger, type LedgerEntry, type StockRequest } from '../../domain/stock-ledger.ts';
import { equipmentEntity, toEquipment, type EquipmentRow } from './equipment.rows.ts';
import * as sql from './statements.ts';

/** A concurrent consumer wrote the same ledger entry, or lent equipment that was not registered when this one read it. */
class Overtaken extends Error {}

/** The requests of a batch of events, and the traces of its events by their Kafka keys. */
interface Move {
  readonly requests: readonly StockRequest[];
  readonly decide: Decide;
  readonly traces: ReadonlyMap<string, string>;
}

@Injectable()
export class PostgresEquipments extends Equipments {
  /**
   * One transaction at a time, because the batches of all partitions would wait for the rows of popular
   * equipment. What arrives in the meantime goes together in the next one.
   */
  private readonly moves = new Batcher((moves: readonly Move[]) => this.moveAll(moves), {
    concurrency: 1,
  });

  private readonly movements;

  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
    private readonly keys: IdempotencyKeys,
    metrics: MetricsRegistry,
  ) {
    super();
    this.movements = metrics.counter({
      name: 'stock_movements_total',
      help: 'Requests to hand out the units of an order (OUT) or to take them back (IN), by outcome',
      labelNames: ['direction', 'outcome'],
    });
  }

  async register(equipment: NewEquipment, now: Date, key?: RequestKey): Promise<Equipment> {
    const values = [
      JSON.stringify([{ ...equipment, registeredAt: now }]),
      eventsParameter([equipmentRegistered(equipment, now)]),
    ];
    const [row]: EquipmentRow[] = key
      ? await runPrepared(this.database, sql.REGISTER_WITH_KEY, [
          ...values,
          key.key,
          key.fingerprint,
        ])
      : await runPrepared(this.database, sql.REGISTER, values);
    if (row) {
      this.relay.nudge();
      return toEquipment(row);
    }
    const known = key && (await this.findRegistered(key));
    return known ?? this.register(equipment, now, key); // the key was deleted in the meantime
  }

  async find(id: number): Promise<Equipment | undefined> {
    const [row]: EquipmentRow[] = await runPrepared(this.database, sql.FIND, [id]);
    return row && toEquipment(row);
  }

  page(wanted: PageRequest): Promise<Page<Equipment>> {
    return findPage(this.database.getRepository(equipmentEntity), wanted, toEquipment);
  }

  async move(requests: readonly StockRequest[], decide: Decide): Promise<void> {
    const traces = currentCorrelation().traceparentByKey ?? new Map<string, string>();
    await this.moves.run({ requests, decide, traces });
  }

  private async moveAll(moves: readonly Move[]): Promise<void[]> {
    const traceparentByKey = new Map(moves.flatMap(({ traces }) => [...traces]));
    try {
      const written = await withCorrelation({ traceparentByKey }, () =>
        this.database.transaction((manager) => moveStock(manager, moves)),
      );
      for (const { direction, outcome } of written) this.movements.inc({ direction, outcome });
    } catch (error) {
      // Unknown equipment has no row to lock, so two consumers may decide about it concurrently, as
      // during a rebalance. The second one reads again and finds the first one's entry. The same
      // happens when the equipment was registered and lent after this consumer had read it.
      if (error instanceof Overtaken) return this.moveAll(moves);
      throw error;
    }
    this.relay.nudge();
    return moves.map(() => undefined);
  }

  private async findRegistered(key: RequestKey): Promise<Equipment | undefined> {
    const found = await this.keys.find<{ id: number }>(key, 'item_id AS id');
    if (!found) return undefined;
    const [row]: EquipmentRow[] = await runPrepared(this.database, sql.FIND_REGISTERED, [found.id]);
    return row && toEquipment(row);
  }
}

/** @returns the new entries of the ledger */
async function moveStock(
  manager: EntityManager,
  moves: readonly Move[],
): Promise<readonly LedgerEntry[]> {
  const requests = moves.flatMap((move) => move.requests);
  const ids = [...new Set(requests.map(({ equipmentId }) => equipmentId))];
  const rows: EquipmentRow[] = await runPrepared(manager, sql.LOCK, [ids]);
  const equipments = new Map(rows.map((row) => [row.id, toEquipment(row)]));
  // After the lock, so that it includes what the previous holder of the lock has written.
  const orderIds = requests.map(({ orderId }) => orderId);
  const entries: LedgerEntry[] = await runPrepared(manager, sql.LEDGER_OF, [orderIds]);
  const unknown = ids.filter((id) => !equipments.has(id));
  const takenFrom = entries.filter(({ outcome }) => outcome === 'TAKEN');
  if (takenFrom.some(({ equipmentId }) => unknown.includes(equipmentId))) throw new Overtaken();
  const ledger = new StockLedger(entries);
  for (const move of moves) {
    for (const request of move.requests) {
      move.decide(request, equipments.get(request.equipmentId), ledger);
    }
  }
  if (ledger.written.length === 0) return [];

  const movements = [...equipments.values()]
    .filter(({ moved }) => moved !== 0)
    .map(({ id, moved }) => ({ id, units: moved }));
  const [saved] = await runPrepared<{ moved: number; written: number }>(manager, sql.SAVE, [
    JSON.stringify(movements),
    JSON.stringify(ledger.written),
    eventsParameter(ledger.facts),
  ]);
  if (saved?.written !== ledger.written.length) throw new Overtaken();
  if (saved.moved !== movements.length) {
    throw new Error(`stock of equipment ${movements.map(({ id }) => id)} would fall below 0`);
  }
  return ledger.written;
}

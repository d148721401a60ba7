/** A replacement in one file of the product's sources. */
export interface Edit {
  /** Relative to the repository. */
  readonly file: string;
  /** What is replaced; it must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A mistake that people make in systems like this one, for a scratch build of the product. */
export interface Mutant {
  readonly name: string;
  /** The layer of the proof whose chaos shows it. */
  readonly layer: 'processes' | 'dependencies' | 'delivery';
  /** What it takes to show, and how. */
  readonly shows: string;
  readonly edits: readonly Edit[];
}

const EQUIPMENT = 'services/equipment/src';
const ORDER = 'services/order/src';
const MESSAGING = 'libs/messaging/src';

const noDuplicateCheck: Mutant = {
  name: 'no duplicate check',
  layer: 'delivery',
  shows:
    'an ApprovalObtained that is delivered twice, as after a SIGKILL of equipment or by a replay: units are handed out twice',
  edits: [
    {
      file: `${EQUIPMENT}/domain/stock-ledger.ts`,
      find: `    if (this.find(orderId, 'OUT')) return;\n`,
      replace: `    if (this.find(orderId, 'OUT')?.outcome === 'VOID') return;\n`,
    },
    {
      file: `${EQUIPMENT}/outbound/postgres/migrations/1700000000001-create-equipments.ts`,
      find: `        at           timestamptz NOT NULL,\n        PRIMARY KEY (order_id, direction)\n`,
      replace: `        at           timestamptz NOT NULL\n`,
    },
  ],
};

const effectOutsideTheTransaction: Mutant = {
  name: 'effect outside the transaction',
  layer: 'processes',
  shows:
    'a SIGKILL of order under load: its last orders are stored, but their events are never published',
  edits: [
    {
      file: `${ORDER}/outbound/postgres/statements.ts`,
      find: `    RETURNING *),
  events AS (
    \${INTO_OUTBOX}
    SELECT 'equipmgnt.Ordered.v1', id,
           jsonb_build_object('orderId', id, 'equipmentId', equipment_id, 'qty', qty), ordered_at, $2
      FROM placed)
  SELECT \${COLUMNS} FROM placed\`;
`,
      replace: `    RETURNING *)
  SELECT \${COLUMNS} FROM placed WHERE $2::text IS NULL OR true\`;

export const PUBLISH_LATER = \`
  \${INTO_OUTBOX}
  SELECT 'equipmgnt.Ordered.v1', id,
         jsonb_build_object('orderId', id, 'equipmentId', equipment_id, 'qty', qty), ordered_at, $2
    FROM orders WHERE id = $1\`;
`,
    },
    {
      // "it takes a write out of the request's way"
      file: `${ORDER}/outbound/postgres/postgres-orders.ts`,
      find: `    if (row) {
      this.relay.nudge();
`,
      replace: `    if (row) {
      const publish = () => this.database.query(sql.PUBLISH_LATER, [row.id, traceparent ?? null]);
      setTimeout(() => void publish().then(() => this.relay.nudge()).catch(() => undefined), 250);
`,
    },
  ],
};

const offsetBeforeTheEffect: Mutant = {
  name: 'offset committed before the effect',
  layer: 'processes',
  shows:
    'a SIGKILL of a consumer under load: what it had committed but not yet handled is handled by nobody',
  edits: [
    {
      // "waiting a little makes larger batches"
      file: `${MESSAGING}/consumer/batches.ts`,
      find: `    try {
      await this.handler.handle(payload.batch, generation.signal);
`,
      replace: `    try {
      payload.resolveOffset(payload.batch.lastOffset());
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
      await delay(100);
      await this.handler.handle(payload.batch, generation.signal);
`,
    },
  ],
};

const serialCursor: Mutant = {
  name: 'a serial cursor in the relay',
  layer: 'dependencies',
  shows:
    'late commits: events that commit after later ones were published stay in the outbox for ever',
  edits: [
    {
      file: `${MESSAGING}/outbox/outbox.migration.ts`,
      find: `    // Every row is inserted once and deleted soon`,
      replace: `    await runner.query('CREATE TABLE outbox_cursor (last bigint NOT NULL)');
    await runner.query('INSERT INTO outbox_cursor VALUES (0)');
    // Every row is inserted once and deleted soon`,
    },
    {
      file: `${MESSAGING}/outbox/outbox-rows.ts`,
      find: '   WHERE parked_at IS NULL\n',
      replace: '   WHERE parked_at IS NULL AND id > (SELECT last FROM outbox_cursor)\n',
    },
    {
      file: `${MESSAGING}/outbox/outbox-rows.ts`,
      find: `    await this.manager.query('DELETE`,
      replace: `    await this.manager.query('UPDATE outbox_cursor SET last = $1', [rows.at(-1)?.id]);
    await this.manager.query('DELETE`,
    },
  ],
};

const noStockCondition: Mutant = {
  name: 'no stock condition',
  layer: 'processes',
  shows: 'orders for more than there is: all are approved, and stock falls below 0',
  edits: [
    {
      file: `${EQUIPMENT}/domain/stock-ledger.ts`,
      find: `    if (!equipment.has(qty)) return this.refuse(request, 'OUT_OF_STOCK', now);\n`,
      replace: '',
    },
    {
      file: `${EQUIPMENT}/domain/equipment.ts`,
      find: `    if (!this.has(qty)) throw new RangeError(\`equipment \${this.id} has \${this.units}, not \${qty}\`);\n`,
      replace: '',
    },
    {
      file: `${EQUIPMENT}/outbound/postgres/statements.ts`,
      find: `     WHERE e.id = m.id AND e.stock + m.units >= 0\n`,
      replace: `     WHERE e.id = m.id\n`,
    },
    {
      file: `${EQUIPMENT}/outbound/postgres/migrations/1700000000001-create-equipments.ts`,
      find: `NOT NULL CHECK (stock BETWEEN 0 AND registered)`,
      replace: `NOT NULL`,
    },
  ],
};

const fallbackThatLosesTheOrder: Mutant = {
  name: 'a fallback that loses the order',
  layer: 'dependencies',
  shows:
    'orders while approval is down or slow: their clients are answered 202, and the orders are gone',
  edits: [
    {
      // "without an approval there is no order, so roll it back"
      file: `${ORDER}/application/request-approval.ts`,
      find: `    if (answer === undefined || !order.isFor(answer)) return order;\n`,
      replace: `    if (answer === undefined || !order.isFor(answer)) {
      await this.orders.withdraw(order.id);
      return order;
    }\n`,
    },
    {
      file: `${ORDER}/application/orders.ts`,
      find: `  /** The existing orders with these ids, in no particular order. */\n`,
      replace: `  abstract withdraw(id: number): Promise<void>;

  /** The existing orders with these ids, in no particular order. */\n`,
    },
    {
      file: `${ORDER}/outbound/postgres/postgres-orders.ts`,
      find: `  async find(ids: readonly number[]): Promise<Order[]> {\n`,
      replace: `  async withdraw(id: number): Promise<void> {
    await this.database.query('DELETE FROM idempotency_keys WHERE order_id = $1', [id]);
    await this.database.query("DELETE FROM orders WHERE id = $1 AND status = 'ORDERED'", [id]);
  }

  async find(ids: readonly number[]): Promise<Order[]> {\n`,
    },
  ],
};

/**
 * What the harness must find. Each is applied to a scratch build, one at a time, and never to the
 * product itself.
 */
export const mutants: readonly Mutant[] = [
  noDuplicateCheck,
  effectOutsideTheTransaction,
  offsetBeforeTheEffect,
  serialCursor,
  noStockCondition,
  fallbackThatLosesTheOrder,
];

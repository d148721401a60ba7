import { measureBacklog, waitUntil, type Connections } from '@equipmgnt/testing';
import type { Connection } from 'mysql2/promise';
import type pg from 'pg';
import { connectMariadb, connectPostgres } from './databases.ts';

/** Orders in one store: how many, and checksums. */
interface Summary {
  readonly orders: number;
  readonly ids: number;
  readonly qty: number;
}

const SUMMARY = (id: string) =>
  `SELECT count(*) AS orders, coalesce(sum(${id}), 0) AS ids, coalesce(sum(qty), 0) AS qty`;

const WITHIN_MS = 120_000;

/** Compares the databases of the services, directly. */
export class Convergence {
  readonly #connections: Connections;
  readonly #order: pg.Client;
  readonly #approval: pg.Client;
  readonly #equipment: pg.Client;
  readonly #mis: Connection;

  private constructor(
    connections: Connections,
    clients: { order: pg.Client; approval: pg.Client; equipment: pg.Client; mis: Connection },
  ) {
    this.#connections = connections;
    this.#order = clients.order;
    this.#approval = clients.approval;
    this.#equipment = clients.equipment;
    this.#mis = clients.mis;
  }

  static async open(connections: Connections): Promise<Convergence> {
    const { databases } = connections;
    const [order, approval, equipment, mis] = await Promise.all([
      connectPostgres(databases.order),
      connectPostgres(databases.approval),
      connectPostgres(databases.equipment),
      connectMariadb(databases.mis),
    ]);
    return new Convergence(connections, { order, approval, equipment, mis });
  }

  async close(): Promise<void> {
    await Promise.all([this.#order.end(), this.#approval.end(), this.#equipment.end()]);
    await this.#mis.end();
  }

  /** The highest order id. */
  async lastOrder(): Promise<number> {
    const { rows } = await this.#order.query('SELECT coalesce(max(id), 0) AS id FROM orders');
    return rows[0].id;
  }

  /**
   * Waits until order, equipment and mis have all effects of the orders after an id.
   * @param accepted how many orders the clients know of
   * @throws Error when this takes too long
   */
  async reached(after: number, accepted: number): Promise<void> {
    const complete = async () => {
      const [lent, shown] = [await this.#ledger(after), await this.#views(after)];
      const approved = (await this.#orders(after)).orders;
      if (lent.orders < accepted || shown.orders < accepted || approved < accepted) {
        throw new Error(
          `of ${accepted} orders ${approved} are approved, ${lent.orders} lent, ${shown.orders} shown`,
        );
      }
    };
    await waitUntil(complete, { withinMs: WITHIN_MS });
  }

  /**
   * Checks all orders ever stored, when no message is in flight.
   * @throws Error that names what differs
   */
  async verify(): Promise<void> {
    const idle = async () => {
      const { total, ...where } = await measureBacklog(this.#connections);
      if (total > 0) throw new Error(`messages in flight: ${JSON.stringify(where)}`);
    };
    await waitUntil(idle, { withinMs: WITHIN_MS });
    const orders = await this.#orders(0);
    const { rows: waiting } = await this.#order.query(
      `SELECT count(*) AS count FROM orders WHERE status <> 'APPROVED'`,
    );
    if (waiting[0].count > 0) throw new Error(`${waiting[0].count} orders are not APPROVED`);
    const found = {
      approvals: await this.#approvals(),
      'ledger entries': await this.#ledger(0),
      views: await this.#views(0),
    };
    for (const [name, summary] of Object.entries(found)) {
      if (!isEqual(summary, orders)) {
        const texts = [orders, summary].map((each) => JSON.stringify(each));
        throw new Error(`orders are ${texts[0]}, but ${name} are ${texts[1]}`);
      }
    }
    const { rows: wrong } = await this.#equipment.query(
      `SELECT e.id FROM equipments e LEFT JOIN (
         SELECT equipment_id, sum(qty) FILTER (WHERE outcome = 'TAKEN') AS taken,
                sum(qty) FILTER (WHERE outcome = 'RETURNED') AS returned
           FROM stock_ledger GROUP BY 1) l ON l.equipment_id = e.id
        WHERE stock <> registered - coalesce(taken, 0) + coalesce(returned, 0)`,
    );
    if (wrong.length > 0) throw new Error(`the stock of ${wrong.length} equipment is wrong`);
  }

  /** Which of some orders have reached the stock, and which have reached mis. */
  async arrived(ids: readonly number[]): Promise<{ stock: number[]; mis: number[] }> {
    const [stock, [mis]] = await Promise.all([
      this.#equipment.query({
        name: 'arrived',
        text: 'SELECT order_id AS id FROM stock_ledger WHERE order_id = ANY($1)',
        values: [ids],
      }),
      this.#mis.query(
        'SELECT order_id AS id FROM mis WHERE order_id IN (?) AND stock_decreased_at IS NOT NULL',
        [ids],
      ),
    ]);
    const idsOf = (rows: readonly { id: number }[]) => rows.map(({ id }) => Number(id));
    return { stock: idsOf(stock.rows), mis: idsOf(mis as { id: number }[]) };
  }

  async #orders(after: number): Promise<Summary> {
    const sql = `${SUMMARY('id')} FROM orders WHERE status = 'APPROVED' AND id > $1`;
    return (await this.#order.query(sql, [after])).rows[0];
  }

  async #approvals(): Promise<Summary> {
    const confirmed = `status = 'APPROVED' AND confirmed_at IS NOT NULL`;
    const sql = `${SUMMARY('order_id')} FROM approvals WHERE ${confirmed}`;
    return (await this.#approval.query(sql)).rows[0];
  }

  async #ledger(after: number): Promise<Summary> {
    const sql = `${SUMMARY('order_id')} FROM stock_ledger WHERE outcome = 'TAKEN' AND order_id > $1`;
    return (await this.#equipment.query(sql, [after])).rows[0];
  }

  async #views(after: number): Promise<Summary> {
    const complete = `status = 'APPROVED' AND ordered_at IS NOT NULL AND stock_decreased_at IS NOT NULL`;
    const sql = `${SUMMARY('order_id')} FROM mis WHERE ${complete} AND order_id > ?`;
    const [rows] = await this.#mis.query(sql, [after]);
    return (rows as Summary[])[0] as Summary;
  }
}

const isEqual = (one: Summary, other: Summary): boolean =>
  one.orders === other.orders &&
  Number(one.ids) === Number(other.ids) &&
  Number(one.qty) === Number(other.qty);

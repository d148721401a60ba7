import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@equipmgnt/testing';

/** More than the quantity that any demonstration orders. */
export const PLENTY = 1_000_000;

const CLIENTS = 4;
const PAUSE_MS = 100;

/** A client of the suite, through the gateway. */
export class SuiteClient {
  readonly gatewayUrl: string;

  constructor(gatewayUrl: string) {
    this.gatewayUrl = gatewayUrl;
  }

  /** Registers equipment with more stock than any demonstration needs. @returns its id */
  async register(): Promise<number> {
    const { status, body } = await this.#post('/equipments', { stock: PLENTY });
    if (status !== 201) throw new Error(`equipment is not registered: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Orders one unit. @returns the status of the response and the order's id */
  async order(equipmentId: number): Promise<{ status: number; id: number }> {
    const { status, body } = await this.#post('/orders', { qty: 1, equipmentId });
    return { status, id: body.id };
  }

  /** Orders repeatedly. @returns a function that stops it and returns all responses */
  keepOrdering(equipmentId: number): () => Promise<{ status: number; id: number }[]> {
    const answers: { status: number; id: number }[] = [];
    let stopped = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!stopped) {
        answers.push(await this.order(equipmentId));
        await sleep(PAUSE_MS);
      }
    });
    const ended = Promise.all(clients);
    ended.catch(() => undefined); // the returned function throws it
    return async () => {
      stopped = true;
      await ended;
      return answers;
    };
  }

  /** The number of orders of the equipment in each status. */
  async statusesOf(equipmentId: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let page = 0; ; page += 1) {
      const answer = await fetch(`${this.gatewayUrl}/orders?size=1000&page=${page}`);
      if (!answer.ok) throw new Error(`GET /orders answers ${answer.status}`);
      const body = (await answer.json()) as OrdersPage;
      for (const order of body._embedded.orders) {
        if (order.equipmentId !== equipmentId) continue;
        counts[order.status] = (counts[order.status] ?? 0) + 1;
      }
      if (page + 1 >= body.page.totalPages) return counts;
    }
  }

  /** Waits until no order of the equipment is ORDERED. @returns the same as statusesOf() */
  async settled(equipmentId: number, withinMs: number): Promise<Record<string, number>> {
    let counts: Record<string, number> = {};
    const settle = async () => {
      counts = await this.statusesOf(equipmentId);
      if (counts['ORDERED']) throw new Error(`${counts['ORDERED']} orders are not approved yet`);
    };
    // after the time limit the demonstration fails, and its result still shows the figures
    await waitUntil(settle, { withinMs }).catch(() => undefined);
    return counts;
  }

  async #post(path: string, content: object): Promise<{ status: number; body: { id: number } }> {
    const answer = await fetch(this.gatewayUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(content),
    });
    return { status: answer.status, body: (await answer.json()) as { id: number } };
  }
}

interface OrdersPage {
  readonly _embedded: { readonly orders: { equipmentId: number; status: string }[] };
  readonly page: { readonly totalPages: number };
}

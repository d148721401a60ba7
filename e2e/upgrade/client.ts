import { randomUUID } from 'node:crypto';
import { Api, type Answer } from '@equipmgnt/testing/jest';
import { setTimeout as delay } from 'node:timers/promises';

const CLIENTS = 4;
const STOCK = 100_000;
/** Each of these follows a refusal that a replica that stops or starts may cause. */
const RETRIED = new Set([502, 503, 504]);
/** A request that is not answered within this time, over both gateways, is a problem. */
const GIVE_UP_AFTER_MS = 60_000;
/** Between two requests of a client, and before a repetition. */
const PAUSE_MS = 100;

interface Placed {
  readonly id: number;
  readonly cancelled: boolean;
}

/** Clients that place and cancel orders all the time, and repeat what was not answered. */
export class RollOutClient {
  readonly problems: string[] = [];
  retries = 0;
  private readonly gateways: readonly Api[];
  private readonly orders: Placed[] = [];
  private stopping = false;
  private done: Promise<unknown> = Promise.resolve();

  constructor(urls: readonly string[]) {
    this.gateways = urls.map((url) => new Api(url));
  }

  /** How many orders were accepted. */
  get placed(): number {
    return this.orders.length;
  }

  async begin(): Promise<void> {
    const [plenty, scarce] = [await this.register(STOCK), await this.register(5)];
    this.done = Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        for (let i = client; !this.stopping; i += 1) {
          await this.placeOne(i, i % 10 === 0 ? scarce : plenty);
          await delay(PAUSE_MS);
        }
      }),
    );
  }

  /** Waits until no request is in flight. */
  async end(): Promise<void> {
    this.stopping = true;
    await this.done;
  }

  /** The accepted orders that do not exist, orders that no client knows of, and wrong statuses. */
  async lost(): Promise<string[]> {
    const found: string[] = [];
    const all = await this.gateways[0]!.all<{ id: number; status: string }>('orders');
    const statuses = new Map(all.map(({ id, status }) => [id, status]));
    for (const { id, cancelled } of this.orders) {
      const status = statuses.get(id);
      if (status === undefined) found.push(`order ${id} was accepted, and does not exist`);
      else if (status === 'ORDERED') found.push(`order ${id} is still ORDERED`);
      else if (cancelled !== (status === 'CANCELLED'))
        found.push(`order ${id} is ${status}, and was${cancelled ? '' : ' not'} cancelled`);
    }
    if (all.length > this.orders.length)
      found.push(`${all.length} orders exist, but clients know of ${this.orders.length}`);
    const distinct = new Set(this.orders.map(({ id }) => id));
    if (distinct.size !== this.orders.length) found.push('an id was given to two orders');
    return found;
  }

  private async register(stock: number): Promise<number> {
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await this.send(0, (api) => api.post('/equipments', { stock }, headers));
    return answer?.body.id;
  }

  private async placeOne(i: number, equipmentId: number): Promise<void> {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { qty: 1, equipmentId };
    const answer = await this.send(i, (api) => api.post('/orders', body, headers));
    if (answer === undefined) return;
    if (answer.status !== 201 && answer.status !== 202)
      return void this.problems.push(
        `POST /orders: ${answer.status} ${JSON.stringify(answer.body)}`,
      );
    const { id } = answer.body;
    if (i % 3 !== 0) return void this.orders.push({ id, cancelled: false });
    const change = await this.send(i, (api) => api.patch(`/orders/${id}`, { status: 'CANCELLED' }));
    // 409: equipment has refused the order already
    if (change && change.status !== 200 && change.status !== 409)
      this.problems.push(`PATCH /orders/${id}: ${change.status} ${JSON.stringify(change.body)}`);
    this.orders.push({ id, cancelled: change?.status === 200 });
  }

  /** Sends a request to the gateways in turn, until one of them answers it. */
  private async send(
    i: number,
    request: (api: Api) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
    for (let attempt = i; ; attempt += 1) {
      const gateway = this.gateways[attempt % this.gateways.length] as Api;
      let last: unknown;
      try {
        const answer = await request(gateway);
        if (!RETRIED.has(answer.status)) return answer;
        last = answer.status;
      } catch (error) {
        last = error; // not connected
      }
      this.retries += 1;
      if (Date.now() > giveUpAt) {
        this.problems.push(`a request was not answered for ${GIVE_UP_AFTER_MS / 1_000} s: ${last}`);
        return undefined;
      }
      await delay(PAUSE_MS);
    }
  }
}

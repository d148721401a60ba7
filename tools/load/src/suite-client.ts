import { setTimeout as sleep } from 'node:timers/promises';
import { Api, waitUntil } from '@equipmgnt/testing';

/** More than the quantity that any demonstration orders. */
export const PLENTY = 1_000_000;

const CLIENTS = 4;
const PAUSE_MS = 100;

/** An order as a client sees it: the status of the response, and the order's id. */
interface Placed {
  readonly status: number;
  readonly id: number;
}

/** A client of the suite, through the gateway. */
export class SuiteClient {
  readonly #gateway: Api;

  constructor(gatewayUrl: string) {
    this.#gateway = new Api(gatewayUrl);
  }

  /** Registers equipment with more stock than any demonstration needs. @returns its id */
  async register(): Promise<number> {
    const { status, body } = await this.#gateway.post('/equipments', { stock: PLENTY });
    if (status !== 201) throw new Error(`equipment is not registered: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Orders one unit. */
  async order(equipmentId: number): Promise<Placed> {
    const { status, body } = await this.#gateway.post('/orders', { qty: 1, equipmentId });
    return { status, id: body.id };
  }

  /** Orders repeatedly. @returns a function that stops it and returns all responses */
  keepOrdering(equipmentId: number): () => Promise<Placed[]> {
    const answers: Placed[] = [];
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

  /**
   * Waits until no order of the equipment is ORDERED, or until the time limit.
   * @returns the number of its orders in each status
   */
  async settled(equipmentId: number, withinMs: number): Promise<Record<string, number>> {
    let counts: Record<string, number> = {};
    const settle = async () => {
      const orders = await this.#gateway.all<{ equipmentId: number; status: string }>('orders');
      counts = {};
      for (const { equipmentId: id, status } of orders) {
        if (id === equipmentId) counts[status] = (counts[status] ?? 0) + 1;
      }
      if (counts['ORDERED']) throw new Error(`${counts['ORDERED']} orders are not approved yet`);
    };
    // after the time limit the demonstration fails, and its result still shows the figures
    await waitUntil(settle, { withinMs }).catch(() => undefined);
    return counts;
  }
}

import { measureBacklog } from '../suite/backlog.ts';
import { type Connections } from '../suite/services.ts';
import type { Api } from './api.ts';
import { discrepancies } from './discrepancies.ts';
import { eventually } from './eventually.ts';

/** A client of the gateway that remembers the initial stock of the equipment it registered. */
export class SuiteClient {
  private readonly registered = new Map<number, number>();

  constructor(
    readonly api: Api,
    private readonly connections: Connections,
  ) {}

  /** Registers equipment; @returns its id */
  async register(stock: number): Promise<number> {
    const { status, body } = await this.api.post('/equipments', { stock });
    if (status !== 201)
      throw new Error(`POST /equipments answers ${status}: ${JSON.stringify(body)}`);
    this.registered.set(body.id, stock);
    return body.id;
  }

  /** Places an order and measures the response time, in ms. */
  async order(equipmentId: number, qty = 1) {
    const start = performance.now();
    const { status, body } = await this.api.post('/orders', { qty, equipmentId });
    return { status, id: body.id as number, body, ms: performance.now() - start };
  }

  async stockOf(equipmentId: number): Promise<number> {
    return (await this.api.get(`/equipments/${equipmentId}`)).body.stock;
  }

  async statusOf(orderId: number): Promise<string> {
    return (await this.api.get(`/orders/${orderId}`)).body.status;
  }

  /** Waits until no message is in flight and all services agree. */
  waitUntilConsistent(withinMs = 120_000): Promise<void> {
    return eventually(async () => {
      const { total, ...where } = await measureBacklog(this.connections);
      if (total > 0) throw new Error(`messages in flight: ${JSON.stringify(where)}`);
      const found = await discrepancies(this.api, this.registered);
      if (found.length > 0) throw new Error(found.slice(0, 5).join('\n'));
    }, withinMs);
  }
}

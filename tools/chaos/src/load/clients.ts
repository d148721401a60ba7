import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { Random } from '@equipmgnt/testing';
import type { Cancellation, OrderAttempt, Writable } from '../run-record.ts';
import type { RequestRecorder } from './request-recorder.ts';

const TIMEOUT_MS = 12_000;
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 3_000;
/** Many more than are ever in use, so that no client waits for a connection. */
const CONNECTIONS = 512;

/** Below the gateway's CONNECTION_DRAIN_MS, as careful clients have it. */
const REUSE_WITHIN_MS = 3_000;

const CANCELLED_SHARE = 0.3;
const LOOKED_UP_SHARE = 0.1;
const SENT_TWICE_SHARE = 0.05;
const MISTAKEN_SHARE = 0.01;
const UNKNOWN_EQUIPMENT_SHARE = 0.01;
const NO_SUCH_EQUIPMENT = 2_000_000_000;

/** What answers hold, as far as clients read it. */
interface Body {
  readonly id: number;
  readonly status: string;
}

interface Answer {
  /** 0 is for no answer. */
  readonly status: number;
  readonly body: Body;
  /** What was said, or went wrong, when it is no clear answer. */
  readonly cause: string;
  /** `Retry-After` in ms, 0 where nothing is said. */
  readonly retryAfterMs: number;
}

const NO_BODY: Body = { id: 0, status: '' };

/**
 * Employees and managers at the gateway. An open model: they come when they come, whether or not
 * those before them were answered. A client without a clear answer retries with the same
 * Idempotency-Key until there is one.
 */
export class Clients {
  readonly #pool: Pool;
  readonly #random: Random;
  /** Of its own, so that what the others choose does not depend on when probes come. */
  readonly #probes = new Random(0);
  readonly #recorder: RequestRecorder;
  readonly #busy = new Set<Promise<void>>();
  #equipments: number[] = [];
  #leaving = false;

  constructor(url: string, random: Random, recorder: RequestRecorder) {
    this.#pool = new Pool(url, {
      connections: CONNECTIONS,
      pipelining: 1,
      keepAliveTimeout: REUSE_WITHIN_MS,
      keepAliveMaxTimeout: REUSE_WITHIN_MS,
    });
    this.#random = random;
    this.#recorder = recorder;
  }

  /** How many have no clear answer yet. */
  get waiting(): number {
    return this.#busy.size;
  }

  /** A manager registers equipment; every employee may order it from then on. */
  async register(stock: number): Promise<void> {
    // not idempotent, so it is sent once; what may have happened unseen is nobody's
    const { status, body } = await this.#send('POST', '/equipments', { stock });
    if (status !== 201) return;
    this.#recorder.registered.push({ id: body.id, stock });
    this.#equipments.push(body.id);
  }

  /** @param perSecond on average, as a Poisson process @returns when all have come */
  async orders(count: number, perSecond: number): Promise<void> {
    let due = performance.now();
    for (let sent = 0; sent < count && !this.#leaving; sent += 1) {
      due += this.#random.untilNext(1_000 / perSecond);
      const wait = due - performance.now();
      if (wait > 1) await sleep(wait);
      this.#begin(this.#rent(this.#random));
    }
  }

  /** One more client comes immediately. */
  probe(): void {
    this.#begin(this.#rent(this.#probes));
  }

  /** No more of them come. */
  leave(): void {
    this.#leaving = true;
  }

  /** Waits until all have a clear answer. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  #begin(work: Promise<void>): void {
    this.#busy.add(work);
    void work.finally(() => this.#busy.delete(work));
  }

  /** One employee's story. All choices are made first, in a fixed order, from the seed. */
  async #rent(random: Random): Promise<void> {
    const mistaken = random.chance(MISTAKEN_SHARE);
    const unknownEquipment = random.chance(UNKNOWN_EQUIPMENT_SHARE);
    const equipmentId = unknownEquipment ? NO_SUCH_EQUIPMENT : random.pick(this.#equipments);
    const qty = mistaken ? 0 : random.between(1, 3);
    const key = `${this.#recorder.orders.length}-${random.between(0, 1e9)}`;
    const sentTwice = random.chance(SENT_TWICE_SHARE);
    const lookedUp = random.chance(LOOKED_UP_SHARE);
    const cancelled = random.chance(CANCELLED_SHARE);
    const thinksMs = random.between(0, 3) * random.between(0, 700);

    const attempt: Writable<OrderAttempt> = {
      key,
      equipmentId,
      qty,
      sentAt: this.#recorder.now(),
      answers: [],
    };
    this.#recorder.orders.push(attempt);
    const both = [this.#order(attempt), ...(sentTwice ? [this.#order(attempt)] : [])];
    const [orderId] = await Promise.all(both);
    if (orderId === undefined) return;
    if (thinksMs > 0) await sleep(thinksMs);
    if (lookedUp) await this.#lookUp(orderId);
    if (cancelled) await this.#cancel(orderId);
  }

  async #order(attempt: Writable<OrderAttempt>): Promise<number | undefined> {
    const { key, equipmentId, qty, answers } = attempt;
    const request = () => this.#send('POST', '/orders', { qty, equipmentId }, key);
    const { status: httpStatus, body } = await this.#untilClear(request, ({ cause }) =>
      answers.push({ kind: 'unknown', at: this.#recorder.now(), cause }),
    );
    const at = this.#recorder.now();
    if (httpStatus !== 201 && httpStatus !== 202) {
      answers.push({ kind: 'refused', at, httpStatus });
      return undefined;
    }
    const known = answers.some(({ kind }) => kind === 'acknowledged');
    if (!known) this.#recorder.acknowledged += 1;
    answers.push({ kind: 'acknowledged', at, orderId: body.id, status: body.status });
    return body.id;
  }

  async #cancel(orderId: number): Promise<void> {
    const sentAt = this.#recorder.now();
    const cancellation: Writable<Cancellation> = { orderId, sentAt, outcome: 'unknown' };
    this.#recorder.cancellations.push(cancellation);
    const change = { status: 'CANCELLED' };
    const request = () => this.#send('PATCH', `/orders/${orderId}`, change);
    const { status, body } = await this.#untilClear(request);
    cancellation.outcome = status === 200 ? 'cancelled' : 'refused';
    if (status === 200) {
      this.#saw(orderId, body.status, this.#recorder.now(), this.#recorder.now());
    } else if (status !== 409) {
      this.#recorder.unexpected.push(
        `PATCH /orders/${orderId} to CANCELLED was answered ${status}`,
      );
    }
  }

  /** Sends a request until its answer is clear: neither a 5xx nor none. */
  async #untilClear(
    request: () => Promise<Answer>,
    onUnclear?: (answer: Answer) => void,
  ): Promise<Answer> {
    for (let retry = 0; ; retry += 1) {
      const answer = await request();
      if (answer.status > 0 && answer.status < 500) return answer;
      onUnclear?.(answer);
      const backoffMs = Math.min(RETRY_FIRST_MS * 2 ** retry, RETRY_MOST_MS);
      // unevenly, or all that failed together come again together
      await sleep(answer.retryAfterMs + backoffMs * (0.5 + Math.random()));
    }
  }

  async #lookUp(orderId: number): Promise<void> {
    const from = this.#recorder.now();
    const { status, body } = await this.#send('GET', `/orders/${orderId}`);
    if (status === 200) this.#saw(orderId, body.status, from, this.#recorder.now());
  }

  #saw(orderId: number, status: string, from: number, to: number): void {
    this.#recorder.sightings.push({ orderId, status, from, to });
  }

  async #send(method: string, path: string, body?: object, key?: string): Promise<Answer> {
    try {
      const response = await this.#pool.request({
        method: method as 'GET',
        path,
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(key && { 'idempotency-key': key }),
        },
        body: body ? JSON.stringify(body) : null,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const { statusCode: status, headers } = response;
      const text = await response.body.text();
      const content = text === '' ? {} : (JSON.parse(text) as Partial<Body> & { detail?: string });
      const cause = `${status} ${content.detail}`;
      if (status >= 500) this.#recorder.failure(`${method} ${cause}`);
      const retryAfterMs = Number(headers['retry-after'] ?? 0) * 1_000;
      return { status, body: { ...NO_BODY, ...content }, cause, retryAfterMs };
    } catch (error) {
      const cause = (error as { code?: string }).code ?? (error as Error).message;
      this.#recorder.failure(`${method} ${cause}`);
      return { status: 0, body: NO_BODY, cause, retryAfterMs: 0 };
    }
  }
}

import { approvalAnswer, type ApprovalAnswer, type ApprovalRequest } from '@equipmgnt/contracts';
import { currentCorrelation, Health, type MetricsRegistry } from '@equipmgnt/runtime';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import axios, { AxiosError, type AxiosInstance } from 'axios';
import CircuitBreaker from 'opossum';
import { Approvals } from '../../application/approval-gateway.ts';
import type { Order } from '../../domain/order.ts';
import { undiciAdapter } from './undici-adapter.ts';

export interface ApprovalClientOptions {
  /** Where approval listens. */
  readonly url: string;
  /** A call is aborted after this. */
  readonly timeoutMs: number;
  /** Calls at once; further orders take the fallback at once and do not count as failures. */
  readonly maxConcurrent: number;
  /** The share of failed calls in the window, in percent, above which the breaker opens. */
  readonly errorThresholdPercent: number;
  /** Calls in the window before its share of failures means anything. */
  readonly volumeThreshold: number;
  /** The rolling window. */
  readonly windowMs: number;
  /** How long the breaker stays open before it lets one call through. */
  readonly resetMs: number;
}

/**
 * Asks approval over HTTP through a circuit breaker. While approval is slow or down, calls fail in
 * bounded time, then, with the breaker open, at once; each time the order is kept, waiting.
 */
@Injectable()
export class HttpApprovals extends Approvals implements OnApplicationShutdown {
  private readonly logger = new Logger('ApprovalBreaker');
  private readonly transport: ReturnType<typeof undiciAdapter>;
  private readonly http: AxiosInstance;
  private readonly breaker: CircuitBreaker<[ApprovalRequest], ApprovalAnswer | undefined>;
  private readonly fallbacks;
  private readonly breakerState;
  private inFlight = 0;

  constructor(
    private readonly options: ApprovalClientOptions,
    health: Health,
    metrics: MetricsRegistry,
  ) {
    super();
    this.fallbacks = metrics.counter({
      name: 'approval_fallbacks_total',
      help: 'Times that an order was left waiting because approval could not be asked, by cause',
      labelNames: ['cause'],
    });
    this.breakerState = metrics.gauge({
      name: 'approval_breaker_open',
      help: 'The breaker before approval: 0 closed, 0.5 half-open, 1 open',
    });
    this.transport = undiciAdapter(options.url, options.maxConcurrent);
    this.http = axios.create({
      adapter: this.transport.adapter,
      headers: { 'content-type': 'application/json' },
    });
    this.breaker = new CircuitBreaker((request) => this.post(request), {
      name: 'approval',
      // The call's own abort comes first; this one only guards against a call that ignores it.
      timeout: options.timeoutMs + 250,
      errorThresholdPercentage: options.errorThresholdPercent,
      volumeThreshold: options.volumeThreshold,
      rollingCountTimeout: options.windowMs,
      resetTimeout: options.resetMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    this.watch(health);
  }

  async request({ id, equipmentId, qty }: Order): Promise<ApprovalAnswer | undefined> {
    // A bulkhead of our own: opossum would count its refusals as failures of approval's.
    if (this.inFlight >= this.options.maxConcurrent) return this.fallBack('bulkhead');
    this.inFlight += 1;
    try {
      return await this.breaker.fire({ orderId: id, equipmentId, qty });
    } catch (error) {
      return this.fallBack(causeOf(error));
    } finally {
      this.inFlight -= 1;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.breaker.shutdown();
    await this.transport.close();
  }

  /**
   * One call. What it throws counts against approval: no connection, no answer in time, 5xx, 429.
   * A refusal of the request itself (other 4xx) shows that approval is well, and is answered as
   * nothing; opossum's errorFilter would be wrong for that, since it closes a half-open breaker.
   */
  private async post(request: ApprovalRequest): Promise<ApprovalAnswer | undefined> {
    const { requestId, traceparent } = currentCorrelation();
    const answer = await this.http.post('/approvals', request, {
      signal: AbortSignal.timeout(this.options.timeoutMs),
      validateStatus: (status) => status < 500 && status !== 429,
      headers: {
        ...(requestId && { 'x-request-id': requestId }),
        ...(traceparent && { traceparent }),
      },
    });
    if (answer.status < 300) return approvalAnswer.parse(answer.data);
    this.logger.error({ status: answer.status, answer: answer.data, request }, 'approval refuses');
    return this.fallBack('refused');
  }

  private fallBack(cause: string): undefined {
    this.fallbacks.inc({ cause });
    this.logger.debug(`approval was not asked: ${cause}`);
    return undefined;
  }

  private watch(health: Health): void {
    this.breaker.on('open', () => {
      this.breakerState.set(1);
      this.logger.warn(`open: approval fails, orders wait; next try in ${this.options.resetMs} ms`);
    });
    this.breaker.on('halfOpen', () => {
      this.breakerState.set(0.5);
      this.logger.log('half-open: the next order tries approval');
    });
    this.breaker.on('close', () => {
      this.breakerState.set(0);
      this.logger.log('closed: approval answers again');
    });
    // shown, never counted: that approval is away is no fault of this process
    health.addLiveness('approvalBreaker', () => ({ up: true, detail: { state: this.state } }));
  }

  private get state(): 'open' | 'half-open' | 'closed' {
    return this.breaker.opened ? 'open' : this.breaker.halfOpen ? 'half-open' : 'closed';
  }
}

/** A few words for the metric: open, timeout, or the code of the connection's or HTTP's error. */
function causeOf(error: unknown): string {
  const { code, name } = error as { code?: string | number; name?: string };
  if (code === 'EOPENBREAKER') return 'open';
  if (code === 'ETIMEDOUT' || code === AxiosError.ERR_CANCELED) return 'timeout';
  return typeof code === 'string' ? code : (name ?? 'unknown');
}

import { approvalAnswer, type ApprovalAnswer, type ApprovalRequest } from '@equipmgnt/contracts';
import { currentCorrelation, Health, traceHeaders, type MetricsRegistry } from '@equipmgnt/runtime';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import axios, { AxiosError, type AxiosInstance } from 'axios';
import CircuitBreaker from 'opossum';
import { ApprovalGateway } from '../../application/approval-gateway.ts';
import type { Order } from '../../domain/order.ts';
import { undiciAdapter } from './undici-adapter.ts';

export interface ApprovalGatewayOptions {
  /** The address of approval. */
  readonly url: string;
  /** A call is aborted after this time. */
  readonly timeoutMs: number;
  /** The most concurrent calls. Further orders fall back immediately and do not count as failures. */
  readonly maxConcurrent: number;
  /** The share of failed calls in the window, in percent, above which the breaker opens. */
  readonly errorThresholdPercent: number;
  /** The least number of calls in the window before the breaker can open. */
  readonly volumeThreshold: number;
  /** The rolling window. */
  readonly windowMs: number;
  /** An open breaker lets one call through after this time. */
  readonly resetMs: number;
}

/**
 * Calls approval over HTTP through a circuit breaker. While approval is slow or down, calls fail in
 * bounded time; when the breaker is open, they fail immediately. The order is kept and waits.
 */
@Injectable()
export class HttpApprovalGateway extends ApprovalGateway implements OnApplicationShutdown {
  private readonly logger = new Logger('ApprovalBreaker');
  private readonly transport: ReturnType<typeof undiciAdapter>;
  private readonly http: AxiosInstance;
  private readonly breaker: CircuitBreaker<[ApprovalRequest], ApprovalAnswer | undefined>;
  private readonly fallbacks;
  private readonly breakerState;
  private readonly transitions;
  private inFlight = 0;

  constructor(
    private readonly options: ApprovalGatewayOptions,
    health: Health,
    metrics: MetricsRegistry,
  ) {
    super();
    this.fallbacks = metrics.counter({
      name: 'approval_fallbacks_total',
      help: 'Orders that were left waiting because approval gave no answer, by cause',
      labelNames: ['cause'],
    });
    this.breakerState = metrics.gauge({
      name: 'approval_breaker_open',
      help: 'The circuit breaker of the calls to approval: 0 closed, 0.5 half-open, 1 open',
    });
    this.transitions = metrics.counter({
      name: 'approval_breaker_transitions_total',
      help: 'Changes of the circuit breaker of the calls to approval, by its new state',
      labelNames: ['state'],
    });
    this.transport = undiciAdapter(options.url, options.maxConcurrent);
    this.http = axios.create({
      adapter: this.transport.adapter,
      headers: { 'content-type': 'application/json' },
    });
    this.breaker = new CircuitBreaker((request) => this.post(request), {
      name: 'approval',
      // The abort of the call comes first. This timeout is for a call that ignores its abort.
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

  async request({ id, details }: Order): Promise<ApprovalAnswer | undefined> {
    const { equipmentId, qty } = details;
    // A separate bulkhead: opossum counts its own capacity rejections as failures of approval.
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
   * One call. An error counts as a failure of approval: no connection, no answer in time, 5xx, 429.
   * Another 4xx refuses the request and shows that approval works, so it is no error here. opossum's
   * errorFilter does not fit: a filtered error closes a half-open breaker.
   */
  private async post(request: ApprovalRequest): Promise<ApprovalAnswer | undefined> {
    const correlation = currentCorrelation();
    const { requestId } = correlation;
    const answer = await this.http.post('/approvals', request, {
      signal: AbortSignal.timeout(this.options.timeoutMs),
      validateStatus: (status) => status < 500 && status !== 429,
      headers: {
        ...(requestId && { 'x-request-id': requestId }),
        ...traceHeaders(correlation),
      },
    });
    if (answer.status < 300) return approvalAnswer.parse(answer.data);
    this.logger.error(
      { status: answer.status, answer: answer.data, request },
      'approval refused the request',
    );
    return this.fallBack('refused');
  }

  private fallBack(cause: string): undefined {
    this.fallbacks.inc({ cause });
    this.logger.debug(`no answer of approval: ${cause}`);
    return undefined;
  }

  private watch(health: Health): void {
    this.breaker.on('open', () => {
      this.changed('open', 1);
      this.logger.warn(
        `open: approval fails, orders wait; next call in ${this.options.resetMs} ms`,
      );
    });
    this.breaker.on('halfOpen', () => {
      this.changed('half-open', 0.5);
      this.logger.log('half-open: the next order calls approval');
    });
    this.breaker.on('close', () => {
      this.changed('closed', 0);
      this.logger.log('closed: approval answers again');
    });
    // Always up: a restart of this process does not repair approval.
    health.addLiveness('approvalBreaker', () => ({ up: true, detail: { state: this.state } }));
  }

  private changed(state: BreakerState, value: number): void {
    this.breakerState.set(value);
    this.transitions.inc({ state });
  }

  private get state(): BreakerState {
    return this.breaker.opened ? 'open' : this.breaker.halfOpen ? 'half-open' : 'closed';
  }
}

type BreakerState = 'open' | 'half-open' | 'closed';

/** The label of the metric: open, timeout, or the code of the connection error or HTTP error. */
function causeOf(error: unknown): string {
  const { code, name } = error as { code?: string | number; name?: string };
  if (code === 'EOPENBREAKER') return 'open';
  if (code === 'ETIMEDOUT' || code === AxiosError.ERR_CANCELED) return 'timeout';
  return typeof code === 'string' ? code : (name ?? 'unknown');
}

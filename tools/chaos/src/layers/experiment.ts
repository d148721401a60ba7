import { setTimeout as sleep } from 'node:timers/promises';
import { measureBacklog, waitUntil, Random } from '@equipmgnt/testing';
import { check } from '../checker/check.ts';
import { Clients } from '../load/clients.ts';
import { RequestRecorder } from '../load/request-recorder.ts';
import type { Fault, FinalState, LayerResult, Measure, RunRecord } from '../run-record.ts';
import { readFinalState } from '../environment/read-final-state.ts';
import { rebuildView } from '../environment/rebuild-view.ts';
import { Sampler } from '../environment/sampler.ts';
import type { Environment } from '../environment/environment.ts';

/** Reports the progress of a layer, for a progress bar. */
export type Progress = (done: number, of: number, what: string) => void;

export interface ExperimentOptions {
  readonly name: string;
  readonly seed: number;
  readonly environment: Environment;
  readonly orders: number;
  readonly perSecond: number;
  /** When to give up waiting for rest, in ms after the last fault. */
  readonly giveUpAfterMs?: number;
  readonly progress?: Progress;
  /** Breaks things while orders come in. */
  readonly faults: (experiment: Experiment) => Promise<void>;
}

/** Stock of each kind, of what is expected to be asked for: some run out, some never do. */
const STOCK_SHARES = [2, 2, 0.9, 0.5, 0.1, 0];
const KINDS = 4;
const MEAN_QTY = 2;
/** The target of the suite: everything has converged so long after the last fault. */
const REST_WITHIN_MS = 30_000;

/** A run of the suite under load, with what its faults need. */
export class Experiment {
  readonly environment: Environment;
  readonly random: Random;
  readonly recorder = new RequestRecorder();
  readonly clients: Clients;
  /** What was broken; `to` is infinite as long as it is. */
  readonly faults: { -readonly [K in keyof Fault]: Fault[K] }[] = [];
  readonly measures: Measure[] = [];
  readonly counts: Record<string, number> = {};
  #loading = true;

  constructor(environment: Environment, seed: number) {
    this.environment = environment;
    this.random = new Random(seed);
    // faults choose at other times than clients do: each has choices of its own, so both replay
    this.clients = new Clients(environment.url, new Random(seed + 1), this.recorder);
  }

  /** Whether orders still come in. */
  get loading(): boolean {
    return this.#loading;
  }

  loadEnded(): void {
    this.#loading = false;
  }

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  /** Injects a fault, waits, removes it and waits for the recovery. */
  async fault(
    what: string,
    target: string,
    {
      inject,
      fix,
      forMs,
    }: {
      inject: () => unknown;
      fix: () => unknown;
      forMs: number;
    },
  ): Promise<void> {
    const fault = { what, target, from: this.recorder.now(), to: Infinity };
    this.faults.push(fault);
    await inject();
    await sleep(forMs);
    await fix();
    fault.to = this.recorder.now();
  }

  /** Whether something was broken at any time since `from`. */
  wasBroken(target: string, from: number): boolean {
    return this.faults.some((fault) => fault.target === target && fault.to > from);
  }

  /** Keeps the worst of a measure. */
  worst(measure: Measure): void {
    const at = this.measures.findIndex(({ name }) => name === measure.name);
    const known = this.measures[at];
    if (known === undefined) this.measures.push(measure);
    else if (measure.must === 'at most' ? measure.value > known.value : measure.value < known.value)
      this.measures[at] = measure;
  }
}

/**
 * Lets orders in while faults happen, waits until every client has an answer and the suite is at
 * rest, and checks the invariants.
 */
export async function runExperiment(options: ExperimentOptions): Promise<LayerResult> {
  const {
    name,
    seed,
    environment,
    orders,
    perSecond,
    giveUpAfterMs = 4 * REST_WITHIN_MS,
  } = options;
  const started = performance.now();
  const experiment = new Experiment(environment, seed);
  const { recorder, clients } = experiment;
  const demand = (orders * MEAN_QTY) / (STOCK_SHARES.length * KINDS);
  for (const share of Array.from({ length: KINDS }, () => STOCK_SHARES).flat()) {
    await clients.register(Math.ceil(demand * share));
  }
  const sampler = new Sampler(environment, recorder, clients);
  const ticker = setInterval(() => {
    const { length } = recorder.orders;
    options.progress?.(
      length,
      orders,
      `${recorder.acknowledged} acknowledged, ${experiment.faults.length} faults`,
    );
  }, 500);
  const differences: string[] = [];
  let restedMs = giveUpAfterMs;
  try {
    const load = clients.orders(orders, perSecond).finally(() => experiment.loadEnded());
    await Promise.all([load, options.faults(experiment)]);
    const repairedAt = performance.now();
    options.progress?.(orders, orders, 'waiting for rest');
    await Promise.race([clients.settled(), sleep(giveUpAfterMs, undefined, { ref: false })]);
    if (clients.waiting > 0) differences.push(`${clients.waiting} clients still have no answer`);
    await waitUntil(() => atRest(environment), { withinMs: giveUpAfterMs }).catch(
      (error: unknown) =>
        differences.push(`the suite does not come to rest: ${(error as Error).message}`),
    );
    restedMs = Math.round(performance.now() - repairedAt);
  } finally {
    clearInterval(ticker);
    await sampler.stop();
  }
  experiment.measures.push({
    name: 'at rest after the last fault',
    value: restedMs,
    unit: 'ms',
    limit: REST_WITHIN_MS,
    must: 'at most',
  });
  options.progress?.(orders, orders, 'checking the invariants');
  const final = {
    ...(await readFinalState(environment)),
    rebuiltViews: await rebuildView(environment),
  };
  const run: RunRecord = { history: recorder.history(), final };
  differences.push(...recorder.unexpected, ...check(run));
  await clients.close();
  return {
    name,
    seed,
    seconds: Math.round((performance.now() - started) / 1_000),
    differences,
    measures: experiment.measures,
    counts: { ...ledgerCounts(run), ...experiment.counts },
    failedRequests: recorder.failed,
    faults: experiment.faults,
    samples: sampler.samples,
  };
}

/** @throws Error that names the backlog */
async function atRest(environment: Environment): Promise<void> {
  const { total, ...where } = await measureBacklog(environment.direct);
  if (total > 0) throw new Error(`backlog: ${JSON.stringify(where)}`);
  const answer = await fetch(`${environment.url}/mis?status=ORDERED&size=1`);
  const { page } = (await answer.json()) as { page: { totalElements: number } };
  if (page.totalElements > 0) throw new Error(`${page.totalElements} orders still wait`);
}

/** What a manager wants to know. */
function ledgerCounts({ history, final }: RunRecord): Record<string, number> {
  const withStatus = (status: string) =>
    final.orders.filter((order) => order.status === status).length;
  const units = (outcome: string) => unitsOf(final, outcome);
  return {
    sent: history.orders.length,
    acknowledged: final.orders.length,
    approved: withStatus('APPROVED'),
    cancelled: withStatus('CANCELLED'),
    rejected: withStatus('REJECTED'),
    unitsOut: units('TAKEN'),
    unitsBack: units('RETURNED'),
    messages: final.messages.length,
    deadLetters: final.deadLetters.length,
  };
}

const unitsOf = ({ ledger }: FinalState, outcome: string): number =>
  ledger.filter((row) => row.outcome === outcome).reduce((sum, { qty }) => sum + qty, 0);

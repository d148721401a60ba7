import { setTimeout as sleep } from 'node:timers/promises';
import { measureBacklog, waitUntil, Random } from '@equipmgnt/testing';
import { check } from '../checker/check.ts';
import type { Environment } from '../environment/environment.ts';
import { readFinalState } from '../environment/read-final-state.ts';
import { rebuildView } from '../environment/rebuild-view.ts';
import { takeSamples } from '../environment/sampler.ts';
import { Clients } from '../load/clients.ts';
import { RequestRecorder } from '../load/request-recorder.ts';
import type { Fault, LayerResult, Measure, RunRecord, Writable } from '../run-record.ts';

/** Reports the progress of a layer, for a progress bar. */
export type Progress = (done: number, of: number, what: string) => void;

/** The orders of an experiment, and what happens while they come in. */
export interface Plan {
  readonly orders: number;
  readonly perSecond: number;
  /** Breaks things while orders come in. */
  readonly faults: (experiment: Experiment) => Promise<void>;
  /** How many faults there will be, where they say how far it is, and not the orders. */
  readonly faultsUntilEnd?: number;
}

export interface ExperimentOptions extends Plan {
  readonly name: string;
  readonly seed: number;
  readonly environment: Environment;
  /** When to give up waiting for rest, in ms after the last fault. */
  readonly giveUpAfterMs?: number;
  readonly progress?: Progress;
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
  readonly faults: Writable<Fault>[] = [];
  readonly measures: Measure[] = [];
  readonly counts: Record<string, number> = {};
  /** Whether orders still come in. */
  loading = true;

  constructor(environment: Environment, seed: number) {
    this.environment = environment;
    this.random = new Random(seed);
    // faults choose at other times than clients do: each has choices of its own, so both replay
    this.clients = new Clients(environment.url, new Random(seed + 1), this.recorder);
  }

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  /** Injects a fault, waits, removes it and waits for the recovery. */
  async fault(
    what: string,
    target: string,
    { inject, fix, forMs }: { inject: () => unknown; fix: () => unknown; forMs: number },
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

  /** Keeps the longest of the recoveries with this name. */
  recovered(name: string, ms: number, limit: number): void {
    const at = this.measures.findIndex((measure) => measure.name === name);
    const value = Math.max(ms, this.measures[at]?.value ?? 0);
    const measure: Measure = { name, value, unit: 'ms', limit, must: 'at most' };
    this.measures.splice(at === -1 ? this.measures.length : at, 1, measure);
  }
}

/**
 * Lets orders in while faults happen, waits until every client has an answer and the suite is at
 * rest, and checks the invariants.
 */
export async function runExperiment(options: ExperimentOptions): Promise<LayerResult> {
  const { name, seed, environment, orders } = options;
  const started = performance.now();
  const experiment = new Experiment(environment, seed);
  const { recorder, clients } = experiment;
  const demand = (orders * MEAN_QTY) / (STOCK_SHARES.length * KINDS);
  for (const share of Array.from({ length: KINDS }, () => STOCK_SHARES).flat()) {
    await clients.register(Math.ceil(demand * share));
  }
  const done = new AbortController();
  const sampling = takeSamples(environment, recorder, clients, done.signal);
  const differences: string[] = [];
  try {
    differences.push(...(await underLoad(experiment, options)));
  } finally {
    done.abort();
    await sampling;
  }
  options.progress?.(1, 1, 'checking the invariants');
  const final = await readFinalState(environment);
  const run = {
    history: recorder,
    final: { ...final, rebuiltViews: await rebuildView(environment) },
  };
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
    samples: await sampling,
  };
}

/** Until the suite is at rest again. @returns what keeps it from that */
async function underLoad(experiment: Experiment, options: ExperimentOptions): Promise<string[]> {
  const { environment, recorder, clients } = experiment;
  const { orders, faultsUntilEnd, giveUpAfterMs = 4 * REST_WITHIN_MS, progress } = options;
  const differences: string[] = [];
  const ticker = setInterval(() => {
    const [sent, faults] = [recorder.orders.length, experiment.faults.length];
    const what = `${recorder.acknowledged} acknowledged, ${faults} faults`;
    if (faultsUntilEnd === undefined) progress?.(sent, orders, what);
    else progress?.(faults, faultsUntilEnd, what);
  }, 500);
  try {
    const load = clients.orders(orders, options.perSecond).finally(() => {
      experiment.loading = false;
    });
    await Promise.all([load, options.faults(experiment)]);
  } finally {
    clearInterval(ticker);
  }
  const repairedAt = performance.now();
  progress?.(1, 1, 'waiting for rest');
  await Promise.race([clients.settled(), sleep(giveUpAfterMs, undefined, { ref: false })]);
  if (clients.waiting > 0) differences.push(`${clients.waiting} clients still have no answer`);
  await waitUntil(() => atRest(environment), { withinMs: giveUpAfterMs }).catch((error: unknown) =>
    differences.push(`the suite does not come to rest: ${(error as Error).message}`),
  );
  const restedMs = Math.round(performance.now() - repairedAt);
  experiment.recovered('at rest after the last fault', restedMs, REST_WITHIN_MS);
  return differences;
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
  const ordersThatAre = (status: string) =>
    final.orders.filter((order) => order.status === status).length;
  const units = (outcome: string) =>
    final.ledger.reduce((sum, row) => (row.outcome === outcome ? sum + row.qty : sum), 0);
  return {
    sent: history.orders.length,
    acknowledged: final.orders.length,
    approved: ordersThatAre('APPROVED'),
    cancelled: ordersThatAre('CANCELLED'),
    rejected: ordersThatAre('REJECTED'),
    unitsOut: units('TAKEN'),
    unitsBack: units('RETURNED'),
    messages: final.messages.length,
    deadLetters: final.deadLetters.length,
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedRequest } from './envoy/access-log.ts';
import type { SiegeReport } from './siege/report.ts';
import { SiegeHung, type SiegeRun } from './siege/siege.ts';
import type { SuiteClient } from './suite-client.ts';
import type { BreakerOutcome } from './thresholds.ts';

// The share of siege's time that passes before the action starts, so that there is load.
const LEAD = 0.1;

export interface ApprovalSetup {
  /** Whether a request takes DELAY_MS ± JITTER_MS. */
  readonly slow?: boolean;
  /** Whether the mesh's breaker is in front of it. */
  readonly meshBreaker?: boolean;
  /** A fixed number of replicas; by default as many as the environment has. */
  readonly replicas?: number;
}

export interface SiegeOutcome {
  readonly siege: SiegeReport;
  /** The access log of the proxy in front of approval; empty if there is none. */
  readonly requests: readonly LoggedRequest[];
}

/** The POST /approvals that a replica has answered since its process started. */
export interface Answers {
  readonly answered: number;
  /** Those with a status of at least 500. */
  readonly failed: number;
}

/** How a demonstration reports its progress and learns that it has to stop. */
export interface Reporting {
  readonly say: (text: string) => void;
  readonly onSiegeLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What a demonstration needs of the suite, which runs on this machine or in a cluster. */
export abstract class Environment {
  protected abstract readonly reporting: Reporting;
  /** How long a hung replica can hold a request. */
  abstract readonly requestLimitSeconds: number;
  abstract readonly approvalsUrl: string;
  abstract readonly ordersUrl: string;

  say(text: string): void {
    this.reporting.say(text);
  }

  /** Sets approval up, and waits until it is ready. */
  abstract setUpApproval(setup: ApprovalSetup): Promise<void>;
  abstract stopApproval(): Promise<void>;
  /** Starts it again after stopApproval(), and waits until it is ready. */
  abstract startApproval(): Promise<void>;

  /** A client of the whole suite. approval is set up or stopped before. */
  abstract client(): Promise<SuiteClient>;

  /** What is known about the breakers, except what siege and the orders show. */
  abstract breakers(): Promise<Pick<BreakerOutcome, 'overflows' | 'fallbacks' | 'alive'>>;

  /** Replaces all replicas of approval, with their readiness probe or without it. */
  abstract rollOut(probed: boolean): Promise<void>;

  /**
   * Makes one replica of approval hang.
   * @returns its name, and a function that waits until a liveness probe has caused a restart and
   * returns the name of the restarted replica
   */
  abstract hang(): Promise<{ readonly name: string; readonly restarted: () => Promise<string> }>;

  /** By name of the replica. */
  abstract answers(): Promise<ReadonlyMap<string, Answers>>;

  /** @throws SiegeHung if siege did not end in time */
  protected abstract runSiege(run: SiegeRun, onLine: (line: string) => void): Promise<SiegeOutcome>;

  /**
   * Runs siege, and an action after a first period of load alone. If siege hangs, its figures are lost,
   * so both are repeated once.
   * @returns what siege measured, the action's value, and how long after siege's start it ended
   */
  async siege<T = void>(
    run: SiegeRun,
    action?: () => Promise<T>,
  ): Promise<SiegeOutcome & { readonly value: T; readonly seconds: number }> {
    try {
      return await this.#siegeOnce(run, action);
    } catch (error) {
      if (!(error instanceof SiegeHung)) throw error;
      this.say(`${error.message}: it runs once more`);
      return this.#siegeOnce(run, action);
    }
  }

  async #siegeOnce<T>(run: SiegeRun, action?: () => Promise<T>) {
    const begun = Promise.withResolvers<void>(); // in a cluster its start takes time
    const siege = this.runSiege(run, (line) => {
      begun.resolve();
      this.reporting.onSiegeLine(line);
    });
    siege.catch(begun.reject);
    const act = async () => {
      await begun.promise;
      const start = performance.now();
      await Promise.race([sleep(run.seconds * LEAD * 1000, undefined, { ref: false }), siege]);
      const value = (await action?.()) as T;
      return { value, seconds: (performance.now() - start) / 1000 };
    };
    const acting = act();
    await Promise.allSettled([siege, acting]); // both end before anything is restored
    return { ...(await siege), ...(await acting) };
  }
}

/** Parses the metrics of a replica of approval. */
export function answersIn(metrics: string): Answers {
  const pattern =
    /^http_server_requests_seconds_count\{(?=.*method="POST")(?=.*uri="\/approvals").*status="(\d+)".*\} (\d+)$/gm;
  const counts = [...metrics.matchAll(pattern)].map(([, status, count]) => ({
    failed: Number(status) >= 500,
    count: Number(count),
  }));
  const sum = (some: typeof counts) => some.reduce((total, { count }) => total + count, 0);
  return { answered: sum(counts), failed: sum(counts.filter(({ failed }) => failed)) };
}

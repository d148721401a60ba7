import type { Build } from '@equipmgnt/testing';

/** What one run of the benchmark measures. */
export interface BenchOptions {
  /** The numbers of concurrent clients in the closed loops. */
  readonly clients: readonly number[];
  /** How long each load lasts, in seconds. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Orders in all databases before the load starts. */
  readonly stored: number;
  /** The equipment that the orders are spread over: 1 is a hot row. */
  readonly equipments: number;
  /** Processes of each service but the gateway. */
  readonly replicas: number;
  /** Approval does not answer over HTTP, so the breaker of order is open. */
  readonly breakerOpen: boolean;
  /** Orders of the PostgreSQL ceiling; 0 leaves it out. */
  readonly ceilingOrders: number;
}

export const DEFAULTS: BenchOptions = {
  clients: [8, 16, 32, 64],
  seconds: 10,
  warmUpSeconds: 8,
  stored: 0,
  equipments: 200,
  replicas: 1,
  breakerOpen: false,
  ceilingOrders: 5_000,
};

/** Small enough for CI: shows that everything converges, measures nothing worth comparing. */
export const QUICK: BenchOptions = {
  ...DEFAULTS,
  clients: [4],
  seconds: 1,
  warmUpSeconds: 1,
  stored: 1_000,
  ceilingOrders: 200,
};

export interface Leg {
  readonly build: Build;
  readonly options: BenchOptions;
}

import type { Environment } from '../environment.ts';
import type { Check } from '../result.ts';

export interface Load {
  readonly users: number;
  readonly seconds: number;
}

/** Starts what it needs, runs siege, and returns its checks. */
export type Demonstration = (environment: Environment, load: Load) => Promise<Check[]>;

/** The port of an address such as http://127.0.0.1:8082. */
export const portOf = ({ url }: { readonly url: string }): number => Number(new URL(url).port);

import type { Stage } from '../environment.ts';
import type { Check } from '../result.ts';

export interface Load {
  readonly users: number;
  readonly seconds: number;
}

/** Sets its scene, lays siege, and says what came of it. */
export type Demonstration = (stage: Stage, load: Load) => Promise<Check[]>;

/** The port of an address such as http://127.0.0.1:8082. */
export const portOf = ({ url }: { readonly url: string }): number => Number(new URL(url).port);

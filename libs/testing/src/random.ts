// A lookup of a global is slow in Jest, and the simulation calls these functions millions of times.
const { floor, imul, log } = Math;

/** A seeded random number generator (mulberry32, by Tommy Ettinger). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number {
    return min + floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new RangeError('Cannot pick from an empty array.');
    return item;
  }

  /** The time to the next arrival of a Poisson process, in the unit of `mean`. */
  untilNext(mean: number): number {
    return -log(1 - this.next()) * mean;
  }
}

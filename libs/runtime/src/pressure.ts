import { Injectable } from '@nestjs/common';

/** Knows whether something that requests need has more waiting for it than it can serve in time. */
@Injectable()
export class Pressure {
  private readonly checks: (() => boolean)[] = [];

  /** Registers a check that is made before every request, so it must cost nothing. */
  add(check: () => boolean): void {
    this.checks.push(check);
  }

  get high(): boolean {
    return this.checks.some((check) => check());
  }
}

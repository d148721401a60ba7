import { Injectable } from '@nestjs/common';

/** Whether a resource that requests need, such as the database pool, has a queue that is too long. */
@Injectable()
export class Pressure {
  private readonly checks: (() => boolean)[] = [];

  /** Registers a check that runs before every request, so it must be cheap. */
  add(check: () => boolean): void {
    this.checks.push(check);
  }

  get high(): boolean {
    return this.checks.some((check) => check());
  }
}

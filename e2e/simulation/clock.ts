import { Clock } from '@equipmgnt/kernel';

/** A time that advances by a millisecond with each reading. */
export class Time {
  private ms = Date.UTC(2026, 0, 1);

  next(): number {
    return (this.ms += 1);
  }
}

/** The clock of one service, with a constant error. */
export class SkewedClock extends Clock {
  constructor(
    private readonly time: Time,
    private readonly skewMs: number,
  ) {
    super();
  }

  override now(): Date {
    return new Date(this.time.next() + this.skewMs);
  }
}

import { Clock } from '@equipmgnt/kernel';

/** A time that goes on by a millisecond whenever somebody looks. */
export class Time {
  private ms = Date.UTC(2026, 0, 1);

  next(): number {
    return (this.ms += 1);
  }
}

/** The clock of one service, which may be wrong. */
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

import { Injectable } from '@nestjs/common';

/** The current time. The domain gets it as an argument. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}

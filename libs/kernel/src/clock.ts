import { Injectable } from '@nestjs/common';

/** What time it is. Time comes into the domain as an argument, from here. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}

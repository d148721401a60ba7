import { Global, Module } from '@nestjs/common';
import { Clock } from '@equipmgnt/kernel';
import { Health, MetricsRegistry, Pressure } from '@equipmgnt/runtime';

const providers = [Clock, Health, MetricsRegistry, Pressure];

/** What every application has: clock, health, metrics. */
@Global()
@Module({ providers, exports: providers })
export class ServiceModule {}

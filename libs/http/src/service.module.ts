import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ActuatorController } from './actuator.controller.ts';
import { Clock } from '@equipmgnt/kernel';
import {
  Health,
  MetricsRegistry,
  Pressure,
  SERVICE_IDENTITY,
  type ServiceIdentity,
} from '@equipmgnt/runtime';

/** What every application has: clock, health, metrics, actuator. */
@Global()
@Module({})
export class ServiceModule {
  static with(identity: ServiceIdentity): DynamicModule {
    return {
      module: ServiceModule,
      controllers: [ActuatorController],
      providers: [
        Clock,
        Health,
        MetricsRegistry,
        Pressure,
        { provide: SERVICE_IDENTITY, useValue: identity },
      ],
      exports: [Clock, Health, MetricsRegistry, Pressure],
    };
  }
}

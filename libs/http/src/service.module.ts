import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ActuatorController } from './actuator.controller.ts';
import { Clock } from '@equipmgnt/kernel';
import { Health, SERVICE_IDENTITY, type ServiceIdentity, Pressure } from '@equipmgnt/runtime';

/** What every process has: its clock, its health, its actuator. */
@Global()
@Module({})
export class ServiceModule {
  static with(identity: ServiceIdentity): DynamicModule {
    return {
      module: ServiceModule,
      controllers: [ActuatorController],
      providers: [Clock, Health, Pressure, { provide: SERVICE_IDENTITY, useValue: identity }],
      exports: [Clock, Health, Pressure],
    };
  }
}

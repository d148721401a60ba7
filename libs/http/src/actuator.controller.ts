import { Controller, Get, Header, HttpStatus, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  Health,
  type HealthAnswer,
  MetricsRegistry,
  SERVICE_IDENTITY,
  type ServiceIdentity,
} from '@equipmgnt/runtime';

/** The operational endpoints, at the paths and in the shapes of Spring Boot's actuator. */
@Controller('actuator')
export class ActuatorController {
  constructor(
    private readonly health: Health,
    private readonly registry: MetricsRegistry,
    @Inject(SERVICE_IDENTITY) private readonly identity: ServiceIdentity,
  ) {}

  @Get('health')
  async overall(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthAnswer> {
    return withStatus(reply, await this.health.overall());
  }

  @Get('health/liveness')
  async liveness(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthAnswer> {
    return withStatus(reply, await this.health.alive());
  }

  @Get('health/readiness')
  async readiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthAnswer> {
    return withStatus(reply, await this.health.ready());
  }

  @Get('prometheus')
  @Header('content-type', MetricsRegistry.CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.registry.text();
  }

  @Get('info')
  info(): Record<string, unknown> {
    return {
      app: { name: this.identity.name, version: this.identity.version },
      node: { version: process.version },
      process: { pid: process.pid, uptimeSeconds: Math.round(process.uptime()) },
    };
  }
}

function withStatus(reply: FastifyReply, health: HealthAnswer): HealthAnswer {
  reply.code(health.status === 'UP' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
  return health;
}

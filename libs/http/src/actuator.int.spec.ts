import { Controller, Get, Module, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import request from 'supertest';
import { freePorts } from '@equipmgnt/testing';
import { eventually, testProcessEnv } from '@equipmgnt/testing/jest';
import { Health, processConfig, readConfig } from '@equipmgnt/runtime';
import { createService, type ServiceOptions } from './service.ts';

const MAX_IN_FLIGHT = 1;

@Controller('slow')
class SlowController {
  readonly held: FastifyReply[] = [];

  @Get()
  hold(@Res() reply: FastifyReply) {
    this.held.push(reply);
  }
}

@Module({ controllers: [SlowController] })
class SlowModule {}

describe('The actuator', () => {
  let app: NestFastifyApplication;
  let url: string;

  const start = async (more: Partial<ServiceOptions> = {}) => {
    const config = readConfig(processConfig, {
      ...testProcessEnv,
      HOST: '127.0.0.1',
      CONNECTION_DRAIN_MS: '0',
      MAX_IN_FLIGHT: String(MAX_IN_FLIGHT),
    });
    app = await createService({ name: 'slow', config, module: SlowModule, ...more });
    app.get(Health).addReadiness('database', () => ({ up: false, detail: { error: 'secret' } }));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  };
  afterEach(() => app.close());

  const overload = async (): Promise<FastifyReply[]> => {
    const { held } = app.get(SlowController);
    void request(url)
      .get('/slow')
      .then(() => undefined);
    await eventually(() => held.length === MAX_IN_FLIGHT);
    await request(url).get('/slow').expect(503);
    return held;
  };

  describe('on a port of its own', () => {
    let management: string;

    beforeEach(async () => {
      const [managementPort] = (await freePorts(1)) as [number];
      management = `http://127.0.0.1:${managementPort}`;
      await start({ managementPort });
    });

    it.each(['health', 'health/readiness'])('shows the details of %s only there', async (probe) => {
      const shown = await request(management).get(`/actuator/${probe}`).expect(503);
      expect(shown.body).toMatchObject({
        status: 'DOWN',
        components: { database: { details: { error: 'secret' } } },
      });
      const { body } = await request(url).get(`/actuator/${probe}`).expect(503);
      expect(body).toEqual({ status: 'DOWN' });
    });

    it.each(['prometheus', 'info'])('has %s only there', async (endpoint) => {
      await request(management).get(`/actuator/${endpoint}`).expect(200);
      await request(url).get(`/actuator/${endpoint}`).expect(404);
    });

    it('answers a problem for another path', async () => {
      const { body } = await request(management).get('/slow').expect(404);
      expect(body.type).toBe('urn:equipmgnt:problem:no-such-resource');
    });

    it('is answered while the public port sheds load', async () => {
      const held = await overload();
      await request(management).get('/actuator/prometheus').expect(200);
      await request(management).get('/actuator/health/liveness').expect(200);
      held.forEach((reply) => void reply.send({}));
    });

    it('closes with the service', async () => {
      await app.close();
      await expect(fetch(`${management}/actuator/info`)).rejects.toThrow('fetch failed');
    });
  });

  it('is answered on the public port while the service sheds load', async () => {
    await start();
    const held = await overload();
    for (const path of ['prometheus', 'prometheus?x=1', 'prometheus/', 'health/liveness']) {
      await request(url).get(`/actuator/${path}`).expect(200);
    }
    held.forEach((reply) => void reply.send({}));
  });
});

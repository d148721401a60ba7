import { Health, readConfig } from '@equipmgnt/runtime';
import { runService } from '@equipmgnt/http';
import { Module } from '@nestjs/common';
import { gatewayConfig } from './gateway.config.ts';
import { mergeOpenApi, serveAsyncApi } from './openapi.ts';
import { serveOperations } from './operations/serve-operations.ts';
import { protect } from './protect.ts';
import { proxy } from './proxy.ts';
import { serveReference } from './reference.ts';
import { routesOf } from './routes.ts';
import { browserSignIn } from './sign-in/browser-sign-in.ts';

@Module({})
class GatewayModule {}

await runService('gateway', () => {
  const config = readConfig(gatewayConfig);
  const limits = {
    timeoutMs: config.UPSTREAM_TIMEOUT_MS,
    maxInFlight: config.UPSTREAM_MAX_IN_FLIGHT,
  };
  const browsers = browserSignIn(config);
  return {
    name: 'gateway',
    config,
    module: GatewayModule,
    accessLog: true,
    maxInFlightPerClient: config.MAX_IN_FLIGHT_PER_CLIENT,
    managementPort: config.MANAGEMENT_PORT,
    protect: async (server) => {
      await protect(server, config);
      await browsers?.useSessions(server);
    },
    prepare: async (app) => {
      const routes = routesOf(config);
      const server = app.getHttpAdapter().getInstance();
      mergeOpenApi(server, routes);
      serveAsyncApi(server);
      await serveReference(server);
      await serveOperations(server, routes, app.get(Health));
      browsers?.serve(server);
      for (const route of routes) await app.register(proxy(route, limits));
    },
  };
});

import { readConfig } from '@equipmgnt/runtime';
import { gatewayConfig } from './gateway.config.ts';

const SERVICES = ['ORDER', 'APPROVAL', 'EQUIPMENT', 'MIS'];

describe('The default limits of the gateway', () => {
  it('leave room when each service has its maximum of requests', () => {
    const urls = SERVICES.map((service) => [`${service}_URL`, 'http://service:8080']);
    const config = readConfig(gatewayConfig, Object.fromEntries(urls));
    const ofServices = SERVICES.length * config.UPSTREAM_MAX_IN_FLIGHT;
    expect(config.MAX_IN_FLIGHT).toBeGreaterThan(ofServices);
  });
});

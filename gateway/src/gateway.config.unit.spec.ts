import { readConfig } from '@equipmgnt/runtime';
import { gatewayConfig } from './gateway.config.ts';

const SERVICES = ['ORDER', 'APPROVAL', 'EQUIPMENT', 'MIS'];

describe("The gateway's defaults", () => {
  it('let each service have all that it may, and leave room for others', () => {
    const urls = SERVICES.map((service) => [`${service}_URL`, 'http://service:8080']);
    const config = readConfig(gatewayConfig, Object.fromEntries(urls));
    const ofServices = SERVICES.length * config.UPSTREAM_MAX_IN_FLIGHT;
    expect(config.MAX_IN_FLIGHT).toBeGreaterThan(ofServices);
  });
});

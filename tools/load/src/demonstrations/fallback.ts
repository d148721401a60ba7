import { freePorts } from '@equipmgnt/testing';
import { fallbackChecks } from '../thresholds.ts';
import { SuiteClient } from '../suite-client.ts';
import type { Demonstration } from './demonstration.ts';

// The pause between a user's orders, so that the load is that of people.
const DELAY_SECONDS = 1;
const SETTLED_WITHIN_MS = 120_000;

/** Approval is down while siege orders through the gateway. Then it is started. */
export const fallback: Demonstration = async (environment, load) => {
  const [port] = (await freePorts(1)) as [number];
  const address = { APPROVAL_URL: `http://127.0.0.1:${port}` };
  const { gateway } = await environment.start({
    services: { gateway: 1, order: 1, equipment: 1, mis: 1 },
    env: { order: address, gateway: address },
  });
  const client = new SuiteClient(gateway[0].url);
  const equipmentId = await client.register();

  environment.say('approval is down, orders arrive');
  const siege = await environment.siege({
    ...load,
    delaySeconds: DELAY_SECONDS,
    url: `${gateway[0].url}/orders`,
    body: JSON.stringify({ qty: 1, equipmentId }),
  });
  environment.say('approval is started');
  await environment.start({ services: { approval: 1 }, ports: { approval: [port] } });
  return fallbackChecks({ siege, orders: await client.settled(equipmentId, SETTLED_WITHIN_MS) });
};

import { freePorts } from '@equipmgnt/testing';
import { fallbackBar } from '../thresholds.ts';
import { Shop } from '../suite-client.ts';
import type { Demonstration } from './demonstration.ts';

// Between each user's orders: people, not a benchmark.
const DELAY_SECONDS = 1;
const SETTLED_WITHIN_MS = 120_000;

/** No approval runs while siege orders through the gateway; then it is started. */
export const fallback: Demonstration = async (stage, load) => {
  const [port] = (await freePorts(1)) as [number];
  const address = { APPROVAL_URL: `http://127.0.0.1:${port}` };
  const { gateway } = await stage.start({
    services: { gateway: 1, order: 1, equipment: 1, mis: 1 },
    env: { order: address, gateway: address },
  });
  const shop = new Shop(gateway[0].url);
  const equipmentId = await shop.register();

  stage.say('approval is away, orders come in');
  const siege = await stage.siege({
    ...load,
    delaySeconds: DELAY_SECONDS,
    url: `${gateway[0].url}/orders`,
    body: JSON.stringify({ qty: 1, equipmentId }),
  });
  stage.say('approval is started');
  await stage.start({ services: { approval: 1 }, ports: { approval: [port] } });
  return fallbackBar({ siege, orders: await shop.settled(equipmentId, SETTLED_WITHIN_MS) });
};

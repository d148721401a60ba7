import { breakerBar, DELAY_MS, JITTER_MS } from '../thresholds.ts';
import { readBreakerRule, type BreakerRule } from '../envoy/destination-rule.ts';
import { Shop } from '../suite-client.ts';
import { CLASSIC_BODY } from '../siege/siege.ts';
import type { Stage } from '../environment.ts';
import type { Check } from '../result.ts';
import { portOf, type Load } from './demonstration.ts';

const SETTLED_WITHIN_MS = 120_000;

/**
 * Siege and order ask a slow approval through an Envoy with the numbers of a DestinationRule. Siege
 * is refused in part, at once. Orders are taken all the same: those that Envoy or order's own
 * breaker stops are approved by event.
 */
export async function breaker(stage: Stage, load: Load, rule?: BreakerRule): Promise<Check[]> {
  stage.say(`approval takes ${DELAY_MS} ± ${JITTER_MS} ms, an Envoy with dr-approval before it`);
  const { approval } = await stage.start({
    services: { approval: 1 },
    env: {
      approval: {
        APPROVAL_DELAY_MS: String(DELAY_MS),
        APPROVAL_DELAY_JITTER_MS: String(JITTER_MS),
      },
    },
  });
  const envoy = await stage.envoy({
    rule: rule ?? (await readBreakerRule()),
    upstreams: [portOf(approval[0])],
  });
  const { gateway, order } = await stage.start({
    services: { gateway: 1, order: 1, equipment: 1, mis: 1 },
    env: { order: { APPROVAL_URL: envoy.url }, gateway: { APPROVAL_URL: envoy.url } },
  });
  const shop = new Shop(gateway[0].url);
  const equipmentId = await shop.register();
  const first = await shop.order(equipmentId); // order 1, whose approval the classic line asks for

  stage.say('orders come in meanwhile');
  const stopOrdering = shop.keepOrdering(equipmentId);
  const siege = await stage.siege({ ...load, url: `${envoy.url}/approvals`, body: CLASSIC_BODY });
  const orders = [first, ...(await stopOrdering())];
  const { ok: alive } = await fetch(`${approval[0].url}/actuator/health/readiness`);
  const counts = await shop.settled(equipmentId, SETTLED_WITHIN_MS);
  return breakerBar({
    siege,
    requests: await envoy.requests(),
    overflows: await envoy.counter('upstream_rq_pending_overflow'),
    fallbacks: await fallbacksOf(order[0].url),
    orders: orders.map(({ status }) => status),
    approved: counts['APPROVED'] ?? 0,
    alive,
  });
}

/** Why order did not get an answer of approval, and how often. */
async function fallbacksOf(orderUrl: string): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${orderUrl}/actuator/prometheus`)).text();
  const counts = metrics.matchAll(/^approval_fallbacks_total\{cause="([^"]+)"\} (\d+)$/gm);
  return Object.fromEntries([...counts].map(([, cause, count]) => [cause, Number(count)]));
}

import { breakerChecks, DELAY_MS, JITTER_MS } from '../thresholds.ts';
import { readBreakerRule, type BreakerRule } from '../envoy/destination-rule.ts';
import { SuiteClient } from '../suite-client.ts';
import { CLASSIC_BODY } from '../siege/siege.ts';
import type { Environment } from '../environment.ts';
import type { Check } from '../result.ts';
import { portOf, type Load } from './demonstration.ts';

const SETTLED_WITHIN_MS = 120_000;

/**
 * Siege and order call a slow approval through an Envoy with the numbers of a DestinationRule. Envoy
 * refuses some of siege's requests immediately. All orders are accepted: an order that Envoy or
 * order's own breaker refuses is approved by its event.
 */
export async function breaker(
  environment: Environment,
  load: Load,
  rule?: BreakerRule,
): Promise<Check[]> {
  environment.say(`approval takes ${DELAY_MS} ± ${JITTER_MS} ms, behind an Envoy with dr-approval`);
  const { approval } = await environment.start({
    services: { approval: 1 },
    env: {
      approval: {
        APPROVAL_DELAY_MS: String(DELAY_MS),
        APPROVAL_DELAY_JITTER_MS: String(JITTER_MS),
      },
    },
  });
  const envoy = await environment.envoy({
    rule: rule ?? (await readBreakerRule()),
    upstreams: [portOf(approval[0])],
  });
  const { gateway, order } = await environment.start({
    services: { gateway: 1, order: 1, equipment: 1, mis: 1 },
    env: { order: { APPROVAL_URL: envoy.url }, gateway: { APPROVAL_URL: envoy.url } },
  });
  const client = new SuiteClient(gateway[0].url);
  const equipmentId = await client.register();
  const first = await client.order(equipmentId); // order 1, which the classic command line approves

  environment.say('orders arrive during the siege');
  const stopOrdering = client.keepOrdering(equipmentId);
  const siege = await environment.siege({
    ...load,
    url: `${envoy.url}/approvals`,
    body: CLASSIC_BODY,
  });
  const orders = [first, ...(await stopOrdering())];
  const { ok: alive } = await fetch(`${approval[0].url}/actuator/health/readiness`);
  const counts = await client.settled(equipmentId, SETTLED_WITHIN_MS);
  return breakerChecks({
    siege,
    requests: await envoy.requests(),
    overflows: await envoy.counter('upstream_rq_pending_overflow'),
    fallbacks: await fallbacksOf(order[0].url),
    orders: orders.map(({ status }) => status),
    approved: counts['APPROVED'] ?? 0,
    alive,
  });
}

/** How often each cause led to order's fallback. */
async function fallbacksOf(orderUrl: string): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${orderUrl}/actuator/prometheus`)).text();
  const counts = metrics.matchAll(/^approval_fallbacks_total\{cause="([^"]+)"\} (\d+)$/gm);
  return Object.fromEntries([...counts].map(([, cause, count]) => [cause, Number(count)]));
}

import { DELAY_MS, JITTER_MS, noBreakerChecks } from '../thresholds.ts';
import { CLASSIC_BODY } from '../siege/siege.ts';
import type { Demonstration } from './demonstration.ts';

/** Siege calls a slow approval without a breaker: every request waits and is served. */
export const noBreaker: Demonstration = async (environment, load) => {
  environment.say(`approval takes ${DELAY_MS} ± ${JITTER_MS} ms, without a breaker`);
  const { approval } = await environment.start({
    services: { approval: 1 },
    env: {
      approval: {
        APPROVAL_DELAY_MS: String(DELAY_MS),
        APPROVAL_DELAY_JITTER_MS: String(JITTER_MS),
      },
    },
  });
  const url = `${approval[0].url}/approvals`;
  return noBreakerChecks(await environment.siege({ ...load, url, body: CLASSIC_BODY }));
};

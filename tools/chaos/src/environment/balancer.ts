import type { ServiceProcess } from '@equipmgnt/testing';
import { TcpProxy } from './tcp-proxy.ts';

const CHECK_EVERY_MS = 200;
const CHECK_TIMEOUT_MS = 1_000;

export type Balancer = Awaited<ReturnType<typeof openBalancer>>;

/**
 * What a Kubernetes Service does: new connections go round the replicas that are ready, by their
 * readiness probe.
 */
export async function openBalancer(port: number) {
  const ready = new Map<ServiceProcess, boolean>();
  const out = new Set<ServiceProcess>();
  let turn = 0;
  const proxy = await TcpProxy.listen(port, () => {
    const usable = [...ready.keys()].filter((process) => ready.get(process) && !out.has(process));
    const chosen = usable[turn++ % usable.length];
    return chosen && Number(new URL(chosen.url).port);
  });
  const check = async (process: ServiceProcess) =>
    void ready.set(process, await isReady(process.url));
  const timer = setInterval(() => {
    for (const process of ready.keys()) void check(process);
  }, CHECK_EVERY_MS);
  return {
    url: `http://127.0.0.1:${port}`,
    add: (process: ServiceProcess) => void ready.set(process, true),
    /** Sends it no new connection any more, as an orchestrator before it stops one. */
    takeOut: (process: ServiceProcess) => void out.add(process),
    putBack: (process: ServiceProcess) => {
      ready.set(process, true);
      out.delete(process);
    },
    close: async () => {
      clearInterval(timer);
      await proxy.close();
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const answer = await fetch(`${url}/actuator/health/readiness`, { signal });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

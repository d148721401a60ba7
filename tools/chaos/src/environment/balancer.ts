import type { ServiceProcess } from '@equipmgnt/testing';
import { TcpProxy } from './tcp-proxy.ts';

const CHECK_EVERY_MS = 200;
const CHECK_TIMEOUT_MS = 1_000;

interface Endpoint {
  readonly process: ServiceProcess;
  ready: boolean;
  /** Taken out by the operator, as an orchestrator does before it stops one. */
  out: boolean;
}

/**
 * What a Kubernetes Service does: new connections go round the replicas that are ready, by their
 * readiness probe.
 */
export class Balancer {
  readonly url: string;
  readonly #proxy: TcpProxy;
  readonly #endpoints: Endpoint[];
  readonly #timer: NodeJS.Timeout;

  private constructor(proxy: TcpProxy, endpoints: Endpoint[]) {
    this.url = `http://127.0.0.1:${proxy.port}`;
    this.#proxy = proxy;
    this.#endpoints = endpoints;
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS);
  }

  static async listen(port: number): Promise<Balancer> {
    const endpoints: Endpoint[] = [];
    let turn = 0;
    const proxy = await TcpProxy.listen(port, () => {
      const usable = endpoints.filter(({ ready, out }) => ready && !out);
      const chosen = usable[turn++ % usable.length];
      return chosen && { host: '127.0.0.1', port: Number(new URL(chosen.process.url).port) };
    });
    return new Balancer(proxy, endpoints);
  }

  add(process: ServiceProcess): void {
    this.#endpoints.push({ process, ready: true, out: false });
  }

  /** Sends it no new connection any more, until {@link putBack}. */
  takeOut(process: ServiceProcess): void {
    this.#endpointOf(process).out = true;
  }

  putBack(process: ServiceProcess): void {
    const endpoint = this.#endpointOf(process);
    endpoint.out = false;
    endpoint.ready = true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#proxy.close();
  }

  #endpointOf(process: ServiceProcess): Endpoint {
    const endpoint = this.#endpoints.find((each) => each.process === process);
    if (endpoint === undefined) throw new Error(`${process.name} is not behind this balancer`);
    return endpoint;
  }

  async #check(): Promise<void> {
    await Promise.all(
      this.#endpoints.map(async (endpoint) => {
        endpoint.ready = await isReady(endpoint.process.url);
      }),
    );
  }
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

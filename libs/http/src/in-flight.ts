import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The requests of one application. */
export interface InFlight {
  /**
   * Requests that have arrived completely, and whose answers are not complete. What a slow client does
   * before and after that takes no place from other clients.
   */
  readonly count: number;
  /** Requests whose answers are not sent completely, also those that still arrive. */
  readonly open: number;
  /** The part of {@link count} of one client address. */
  of(address: string): number;
}

/** Counts requests. Hooks that are added later see a request in {@link InFlight.count} from preHandler on. */
export function countInFlight(server: FastifyInstance): InFlight {
  const ofClient = new Map<string, number>();
  const releases = new WeakMap<FastifyRequest, () => void>();
  const inFlight = { count: 0, open: 0, of: (address: string) => ofClient.get(address) ?? 0 };
  const take = (request: FastifyRequest) => {
    const { ip } = request;
    inFlight.count += 1;
    ofClient.set(ip, inFlight.of(ip) + 1);
    releases.set(request, () => {
      releases.delete(request);
      inFlight.count -= 1;
      const left = inFlight.of(ip) - 1;
      if (left > 0) ofClient.set(ip, left);
      else ofClient.delete(ip);
    });
  };
  const release = (request: FastifyRequest) => releases.get(request)?.();

  server.addHook('onRequest', (request, reply, done) => {
    inFlight.open += 1;
    // 'close' is emitted once for every response, also after the client has disconnected
    reply.raw.once('close', () => {
      inFlight.open -= 1;
      release(request);
    });
    done();
  });
  server.addHook('preHandler', (request, reply, done) => {
    if (!reply.raw.destroyed) take(request); // otherwise its 'close' was emitted already
    done();
  });
  server.addHook('onSend', (request, _reply, payload, done) => {
    if (isStream(payload)) payload.once('end', () => release(request));
    else release(request);
    done();
  });
  return inFlight;
}

const isStream = (payload: unknown): payload is NodeJS.ReadableStream =>
  typeof (payload as NodeJS.ReadableStream | null)?.pipe === 'function';

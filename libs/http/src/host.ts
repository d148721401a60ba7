import type { Socket } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import type { ProcessConfig } from '@equipmgnt/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problem, sendProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The `X-Forwarded-Prefix` of a trusted proxy, such as `/api`, or an empty string. */
    forwardedPrefix: string;
    /**
     * What links of the answer start with: `PUBLIC_URL`, or the address that the client used, if its
     * host is allowed, or only the prefix. Then links are relative to the host, and correct for every
     * client, but no one can make them point to another site.
     */
    linkBase: string;
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

type Origin = Pick<ProcessConfig, 'PUBLIC_URL' | 'ALLOWED_HOSTS' | 'TRUSTED_PROXIES'>;

/**
 * Decides what the links of an answer start with, and answers 400 if the client or a trusted proxy
 * sends headers that make no URL. A client that may omit the host (HTTP/1.0) gets the address that it
 * is connected to.
 */
export function checkHost(server: FastifyInstance, config: Origin): void {
  const isTrusted = compile(config.TRUSTED_PROXIES.split(',').map((entry) => entry.trim()));
  server.decorateRequest('forwardedPrefix', '');
  server.decorateRequest('linkBase', '');
  server.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    raw.headers.host ||= addressOf(raw.socket);
    const prefix = isTrusted(raw.socket.remoteAddress ?? '', 0) ? prefixOf(request) : '';
    if (isProtocol(request.protocol) && isHost(request.host) && isPrefix(prefix)) {
      request.forwardedPrefix = prefix;
      request.linkBase = config.PUBLIC_URL ?? originOf(request, config.ALLOWED_HOSTS) + prefix;
      return done();
    }
    const detail = 'Host, or X-Forwarded-Host, -Proto and -Prefix, do not form a valid URL.';
    sendProblem(reply, problem(400, 'bad-host', detail), request.url);
  });
}

function originOf({ protocol, host, raw }: FastifyRequest, allowed: readonly string[]): string {
  const { hostname } = new URL(`http://${host}`);
  const isAllowed =
    LOOPBACK.test(hostname) || allowed.includes(hostname) || host === addressOf(raw.socket);
  return isAllowed ? `${protocol}://${host}` : '';
}

/** Each proxy appends its own prefix, as in Spring. */
const prefixOf = ({ headers }: FastifyRequest): string =>
  [headers['x-forwarded-prefix'] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((prefix) => prefix.trim().replace(/\/$/, ''))
    .join('');

const addressOf = ({ localAddress = '', localPort }: Socket): string =>
  `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;

const isProtocol = (text: string): boolean => /^https?$/.test(text);

/** Segments of characters that need no encoding, and no dots alone, which a client would resolve. */
const isPrefix = (text: string): boolean => /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*$/.test(text);

/** A name or an address, with an optional port; RFC 3986 allows more characters, which no host has. */
const isHost = (text: string): boolean =>
  /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(text) && URL.canParse(`http://${text}`);

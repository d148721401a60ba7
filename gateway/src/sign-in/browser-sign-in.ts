import cookie from '@fastify/cookie';
import { problem, sendProblem } from '@equipmgnt/http';
import { ConfigError } from '@equipmgnt/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  discovery,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import type { GatewayConfig } from '../gateway.config.ts';
import { SealedCookie } from './sealed-cookie.ts';

/** How long a person may take at the issuer. */
const SIGN_IN_S = 10 * 60;
const ISSUER_TIMEOUT_S = 5;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The application that is registered at the issuer for browsers. */
export interface BrowserClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scope: string;
  /** Encrypt the cookies; see {@link SealedCookie}. */
  readonly sessionSecrets: readonly string[];
}

/** A sign-in that has begun, in the browser that began it. */
interface Attempt {
  readonly [claim: string]: unknown;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The path of this gateway at which the browser continues. */
  readonly returnTo: string;
}

interface Session {
  readonly [claim: string]: unknown;
  readonly token: string;
}

/**
 * Signs people in with a browser, by OpenID Connect's code flow with PKCE. The token stays in an encrypted
 * cookie: the gateway takes it out and forwards it as a bearer token, so no script of a page and no
 * service sees the cookie. A session lasts as long as its token; then the browser goes to the issuer
 * again, which asks for nothing as long as its own session lasts.
 *
 * Follows the recommendations for a backend for frontend in OAuth 2.0 for Browser-Based Applications
 * (draft-ietf-oauth-browser-based-apps, 6.1).
 */
export class BrowserSignIn {
  private readonly session: SealedCookie<Session>;
  private readonly attempt: SealedCookie<Attempt>;
  private configuration: Promise<Configuration> | undefined;

  constructor(private readonly client: BrowserClient) {
    this.session = new SealedCookie('session', client.sessionSecrets);
    this.attempt = new SealedCookie('sign-in', client.sessionSecrets);
  }

  /** Turns the session of a request into its bearer token, before tokens are verified. */
  async useSessions(server: FastifyInstance): Promise<void> {
    await server.register(cookie);
    server.addHook('onRequest', async (request, reply) => {
      const { headers } = request.raw;
      const hasSession = headers.authorization === undefined && this.session.isIn(request);
      delete headers.cookie;
      if (!hasSession || request.url.startsWith('/auth/sign-in')) return;
      if (!SAFE_METHODS.has(request.method) && !isSameOrigin(request)) {
        const detail = 'A page of another site sends this request, or a client without Origin.';
        return sendProblem(reply, problem(403, 'cross-site-request', detail), request.url);
      }
      const session = await this.session.read(request);
      if (session) {
        headers.authorization = `Bearer ${session.token}`;
        return;
      }
      this.session.clear(reply);
      if (request.url.startsWith('/auth/')) return;
      const detail = 'The session has ended. Sign in again.';
      return sendProblem(reply, problem(401, 'session-ended', detail), request.url);
    });
  }

  /** Adds the routes that a browser uses. */
  serve(server: FastifyInstance): void {
    server.get<{ Querystring: { returnTo?: unknown } }>('/auth/sign-in', (request, reply) =>
      this.begin(request, reply, localPath(request, request.query.returnTo)),
    );
    server.get('/auth/callback', (request, reply) => this.complete(request, reply));
    server.get('/auth/session', ({ principal }) =>
      Promise.resolve({ signedIn: principal !== undefined, ...principal }),
    );
    // the body of a form, which has nothing in it
    void server.register((forms, _, done) => {
      forms.removeAllContentTypeParsers();
      forms.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, parsed) =>
        parsed(null),
      );
      forms.post('/auth/sign-out', (request, reply) => this.end(request, reply));
      done();
    });
  }

  private async begin(
    request: FastifyRequest,
    reply: FastifyReply,
    returnTo: string,
  ): Promise<FastifyReply> {
    if (request.linkBase === '') return refuseUnknownHost(request, reply);
    const configuration = await this.discovered(request);
    if (!configuration) return refuseWithoutIssuer(request, reply);
    const attempt = {
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      returnTo,
    };
    await this.attempt.write(reply, attempt, now() + SIGN_IN_S);
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: `${request.linkBase}/auth/callback`,
      scope: this.client.scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return reply.redirect(url.href, 303);
  }

  private async complete(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const attempt = await this.attempt.read(request);
    this.attempt.clear(reply);
    const refuse = (detail: string) =>
      sendProblem(reply, problem(400, 'sign-in-failed', detail), request.url);
    if (!attempt) {
      return refuse(
        `This browser has begun no sign-in here in the last ${SIGN_IN_S / 60} minutes. Start again at ${request.linkBase}/auth/sign-in.`,
      );
    }
    const configuration = await this.discovered(request);
    if (!configuration) return refuseWithoutIssuer(request, reply);
    const query = /\?.*/.exec(request.url)?.[0] ?? '';
    let token: string;
    try {
      const answer = await authorizationCodeGrant(
        configuration,
        new URL(`${request.linkBase}/auth/callback${query}`),
        {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
        },
      );
      token = answer.access_token;
    } catch (error) {
      request.log.warn(`a sign-in failed: ${reasonOf(error)}`);
      return refuse('The issuer did not confirm the sign-in. The log has the reason.');
    }
    const expiresAt = expiryOf(token);
    if (expiresAt === undefined) {
      request.log.warn('the access token of the issuer is no JWT with an expiry: see AUTH_SCOPE');
      return refuse('The issuer gave a token that the services cannot verify.');
    }
    await this.session.write(reply, { token }, expiresAt);
    return reply.redirect(request.linkBase + attempt.returnTo, 303);
  }

  private async end(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.session.clear(reply);
    const configuration = await this.discovered(request);
    const home = `${request.linkBase}/`;
    const hasPage = configuration?.serverMetadata().end_session_endpoint !== undefined;
    const url = hasPage
      ? buildEndSessionUrl(configuration, { post_logout_redirect_uri: home }).href
      : home;
    return reply.redirect(url, 303);
  }

  /** The issuer's configuration, read once; nothing while it cannot be read. */
  private discovered(request: FastifyRequest): Promise<Configuration | undefined> {
    const { issuer, clientId, clientSecret } = this.client;
    this.configuration ??= discovery(new URL(issuer), clientId, clientSecret, undefined, {
      execute: issuer.startsWith('http:') ? [allowInsecureRequests] : [],
      timeout: ISSUER_TIMEOUT_S,
    });
    return this.configuration.catch((error: unknown) => {
      this.configuration = undefined;
      request.log.warn(`the issuer ${issuer} does not answer: ${reasonOf(error)}`);
      return undefined;
    });
  }
}

/** Whether a page of this gateway sends the request. All browsers of today send one of the headers. */
function isSameOrigin({ headers, linkBase }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin !== undefined && headers.origin === URL.parse(linkBase)?.origin;
}

/** The path at which a browser continues after sign-in: one of this gateway, else its start. */
function localPath({ linkBase }: FastifyRequest, wanted: unknown): string {
  const base = `${linkBase}/`;
  if (typeof wanted !== 'string' || !/^\/(?![/\\])/.test(wanted)) return '/';
  const url = URL.parse(wanted, base);
  return url !== null && url.origin === URL.parse(base)?.origin
    ? url.pathname + url.search + url.hash
    : '/';
}

function expiryOf(token: string): number | undefined {
  try {
    return decodeJwt(token).exp;
  } catch {
    return undefined;
  }
}

function refuseUnknownHost(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const detail =
    'This host is not the suite’s own. Set PUBLIC_URL or ALLOWED_HOSTS of the gateway.';
  return sendProblem(reply, problem(400, 'bad-host', detail), request.url);
}

function refuseWithoutIssuer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const detail = 'The issuer does not answer. Try again later.';
  return sendProblem(reply, problem(503, 'sign-in-unavailable', detail), request.url);
}

/** For the log. The errors of the library also contain answers of the issuer, which may have tokens. */
function reasonOf(error: unknown): string {
  const { code, error: oauthError, message } = error as Record<string, unknown>;
  return [code, oauthError, message].filter((part) => typeof part === 'string').join(': ');
}

const now = (): number => Math.floor(Date.now() / 1_000);

/**
 * The sign-in with a browser that the configuration asks for, if any.
 * @throws ConfigError when something that it needs is not set
 */
export function browserSignIn(config: GatewayConfig): BrowserSignIn | undefined {
  const { AUTH_CLIENT_ID: clientId, AUTH_ISSUER: issuer, SESSION_SECRETS: sessionSecrets } = config;
  if (clientId === undefined) return undefined;
  if (issuer === undefined) {
    throw new ConfigError('AUTH_ISSUER: expected the issuer of AUTH_CLIENT_ID, it is not set');
  }
  if (sessionSecrets.length === 0) {
    throw new ConfigError(
      'SESSION_SECRETS: expected a secret, because AUTH_CLIENT_ID is set; openssl rand -hex 32 makes one',
    );
  }
  const { AUTH_CLIENT_SECRET: clientSecret, AUTH_SCOPE: scope } = config;
  return new BrowserSignIn({ issuer, clientId, clientSecret, scope, sessionSecrets });
}

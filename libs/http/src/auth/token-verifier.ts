import { ROLES, type Role } from '@equipmgnt/contracts';
import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { LruMap } from 'toad-cache';
import { Logger } from '@nestjs/common';
import { Unavailable } from '../problem.ts';

/** Who sends a request, as the token says. */
export interface Principal {
  /** Unique at the issuer, and never another person's: the token's `sub`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** The token cannot be accepted. The message is for the client. */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken';
}

/** A token that was verified. */
interface KnownToken {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The claim with the roles. */
  readonly rolesClaim: string;
  /** Instead of the `jwks_uri` of the issuer's OpenID configuration. */
  readonly jwksUrl?: string | undefined;
}

/** Signatures with a key pair only. With a shared secret, every service could issue tokens. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
/** How far the clocks of issuer and service may differ. */
const CLOCK_TOLERANCE_S = 5;
const FETCH_TIMEOUT_MS = 5_000;
/** After a failure, the issuer is not asked again for this time. */
const COOLDOWN_MS = 5_000;
/** A key that the issuer withdraws is accepted at most this long. */
const MAX_CACHED_MS = 5 * 60_000;
const MAX_CACHED = 10_000;
/** The columns for the id and the name of a requester hold as many characters. */
const MAX_TEXT = 255;

/** Verifies bearer tokens: JWTs of one issuer, for one audience. Each token is verified once, then known. */
export class TokenVerifier {
  private readonly known = new LruMap<KnownToken>(MAX_CACHED, MAX_CACHED_MS);
  private readonly logger = new Logger('SignIn');
  private keys: Promise<JWTVerifyGetKey> | undefined;
  private issuerFails = false;

  constructor(private readonly options: TokenOptions) {}

  /**
   * @throws InvalidToken
   * @throws Unavailable when the issuer's keys cannot be fetched
   */
  async verify(token: string): Promise<Principal> {
    const known = this.known.get(token);
    if (known && Date.now() < known.expiresAt) return known.principal;
    const payload = await this.verified(token);
    const principal = this.principalOf(payload);
    this.known.set(token, { principal, expiresAt: Number(payload.exp) * 1_000 });
    return principal;
  }

  private async verified(token: string): Promise<JWTPayload> {
    const { issuer, audience } = this.options;
    try {
      // before the keys are fetched, so that a foreign token causes no request to the issuer
      if (decodeJwt(token).iss !== issuer) throw new InvalidToken('its issuer is another one');
      const { payload } = await jwtVerify(token, await this.currentKeys(), {
        issuer,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp'],
      });
      this.reportIssuer();
      // Cognito's access tokens have client_id instead of aud
      const audiences = [payload.aud ?? payload['client_id']].flat();
      if (!audiences.includes(audience)) throw new InvalidToken('its audience is another one');
      return payload;
    } catch (error) {
      if (isRefusal(error)) throw new InvalidToken((error as Error).message);
      if (error instanceof InvalidToken) throw error;
      this.reportIssuer(error);
      throw new Unavailable(
        'The token cannot be verified: the issuer does not answer.',
        'sign-in-unavailable',
        { cause: error },
      );
    }
  }

  /** Logs when the issuer stops answering, and when it answers again. */
  private reportIssuer(error?: unknown): void {
    if (this.issuerFails === (error !== undefined)) return;
    this.issuerFails = error !== undefined;
    const { issuer } = this.options;
    if (error === undefined) this.logger.log(`the issuer ${issuer} answers again`);
    else this.logger.warn({ err: error }, `the keys of the issuer ${issuer} cannot be fetched`);
  }

  private currentKeys(): Promise<JWTVerifyGetKey> {
    if (this.keys) return this.keys;
    const keys = this.fetchKeys();
    this.keys = keys;
    keys.catch(() => setTimeout(() => (this.keys = undefined), COOLDOWN_MS).unref());
    return keys;
  }

  private async fetchKeys(): Promise<JWTVerifyGetKey> {
    const url = this.options.jwksUrl ?? (await this.discoveredKeys());
    return createRemoteJWKSet(new URL(url), { timeoutDuration: FETCH_TIMEOUT_MS });
  }

  /** As OpenID Connect Discovery 1.0 says. */
  private async discoveredKeys(): Promise<string> {
    const { issuer } = this.options;
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
    const configuration = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (configuration.issuer !== issuer || typeof configuration.jwks_uri !== 'string') {
      throw new Error(`${url} is not the configuration of ${issuer}`);
    }
    return configuration.jwks_uri;
  }

  private principalOf(payload: JWTPayload): Principal {
    const { sub: id = '', name, preferred_username: userName } = payload;
    if (id === '' || id.length > MAX_TEXT || id !== printable(id)) {
      throw new InvalidToken(`its sub must have 1 to ${MAX_TEXT} printable characters`);
    }
    const shown = [name, userName].find((text) => typeof text === 'string' && text !== '') ?? id;
    const full = printable(String(shown)).normalize('NFC');
    return { id, name: full.slice(0, MAX_TEXT).toWellFormed(), roles: this.rolesOf(payload) };
  }

  /** The roles of this suite in the claim: a list, or words of a text. Other words have no meaning here. */
  private rolesOf(payload: JWTPayload): Role[] {
    const { rolesClaim } = this.options;
    const claim = Object.hasOwn(payload, rolesClaim)
      ? payload[rolesClaim]
      : rolesClaim.split('.').reduce<unknown>(memberOf, payload);
    const words = typeof claim === 'string' ? claim.split(' ') : claim;
    return Array.isArray(words) ? ROLES.filter((role) => words.includes(role)) : [];
  }
}

/** Without control characters, which PostgreSQL may refuse, and without lone surrogates. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '\uFFFD').toWellFormed();

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** Whether the token is the reason; all other errors are the issuer's. */
const isRefusal = (error: unknown): boolean =>
  [
    errors.JWTExpired,
    errors.JWTClaimValidationFailed,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ].some((refusal) => error instanceof refusal);

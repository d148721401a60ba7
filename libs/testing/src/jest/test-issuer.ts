import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';

export interface TokenClaims {
  readonly sub?: string | undefined;
  readonly roles?: unknown;
  readonly [claim: string]: unknown;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** An issuer of tokens on loopback, with the two documents of OpenID Connect that services read. */
export class TestIssuer {
  static readonly AUDIENCE = 'equipment-rental';
  /** Requests for its documents, in their order. */
  readonly requests: string[] = [];
  /** Whether it answers 503 to everything. */
  unavailable = false;
  private keys: readonly SigningKey[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.requests.push(String(request.url));
      void this.answerTo(String(request.url)).then((body) => {
        const found = body !== undefined && !this.unavailable;
        response.writeHead(found ? 200 : 503, { 'content-type': 'application/json' });
        response.end(found ? JSON.stringify(body) : undefined);
      });
    });
  }

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    await new Promise<void>((resolve) => issuer.server.listen(0, '127.0.0.1', resolve));
    await issuer.rotate();
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The configuration of a service that accepts its tokens. */
  get environment(): Record<string, string> {
    return { AUTH_ISSUER: this.url, AUTH_AUDIENCE: TestIssuer.AUDIENCE };
  }

  /** From now on it signs with a new key, and no longer publishes the earlier ones. */
  async rotate(): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    this.keys = [{ kid: `key-${Date.now()}-${Math.random()}`, privateKey, publicKey }];
  }

  /**
   * A token, valid for five minutes unless the claims say otherwise. A claim that is `undefined` is left out.
   * @param header replaces parts of the header
   * @param key signs instead of the issuer's own
   */
  async token(
    claims: TokenClaims = {},
    header: Partial<JWTHeaderParameters> = {},
    key: CryptoKey | Uint8Array = this.key.privateKey,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const all = {
      iss: this.url,
      aud: TestIssuer.AUDIENCE,
      sub: 'employee-1',
      name: '이사원',
      roles: ['employee'],
      iat: now,
      exp: now + 300,
      ...claims,
    };
    return new SignJWT(all as JWTPayload)
      .setProtectedHeader({ alg: 'RS256', kid: this.key.kid, ...header })
      .sign(key);
  }

  /** The header with a token. */
  async bearer(claims: TokenClaims = {}): Promise<{ authorization: string }> {
    return { authorization: `Bearer ${await this.token(claims)}` };
  }

  get publicKey(): CryptoKey {
    return this.key.publicKey;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private get key(): SigningKey {
    const [key] = this.keys;
    if (key === undefined) throw new Error('the issuer is not started');
    return key;
  }

  private async answerTo(path: string): Promise<object | undefined> {
    if (path === '/.well-known/openid-configuration') {
      return { issuer: this.url, jwks_uri: `${this.url}/keys` };
    }
    if (path !== '/keys') return undefined;
    const keys = this.keys.map(async ({ kid, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      kid,
      use: 'sig',
      alg: 'RS256',
    }));
    return { keys: await Promise.all(keys) };
  }
}

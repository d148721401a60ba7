import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EncryptJWT, jwtDecrypt, type JWTPayload } from 'jose';
import { LruMap } from 'toad-cache';

/** Browsers store cookies of up to 4096 bytes, so a longer value is stored in several. */
const MAX_LENGTH = 3_800;
const MAX_PARTS = 3;
const MAX_KNOWN = 1_000;

/**
 * A cookie that only this gateway, and its replicas with the same keys, can read or write: an encrypted
 * JWT. It is HttpOnly, so scripts of a page cannot read it, and SameSite=Lax, so browsers do not send it
 * with a POST of another site. On https it has the prefix `__Host-`, so no other host of the domain can
 * write it.
 */
export class SealedCookie<T extends JWTPayload> {
  private readonly keys: readonly Buffer[];
  /** Values that were read, because each request of a session has the same cookie. */
  private readonly known = new LruMap<T & { readonly exp: number }>(MAX_KNOWN);

  /** @param secrets the first one encrypts, all of them decrypt, so that they can be changed */
  constructor(
    private readonly name: string,
    secrets: readonly string[],
  ) {
    this.keys = secrets.map((secret) => createHash('sha256').update(secret).digest());
  }

  /** @param expiresAt seconds since 1970 */
  async write(reply: FastifyReply, value: T, expiresAt: number): Promise<void> {
    const sealed = await new EncryptJWT(value)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(this.name)
      .setExpirationTime(expiresAt)
      .encrypt(this.keys[0]!);
    if (sealed.length > MAX_LENGTH * MAX_PARTS) {
      throw new Error(`the cookie ${this.name} is too large: ${sealed.length} characters`);
    }
    for (let part = 0; part < MAX_PARTS; part += 1) {
      const text = sealed.slice(part * MAX_LENGTH, (part + 1) * MAX_LENGTH);
      if (text === '') this.clearPart(reply, part);
      else {
        const expires = new Date(expiresAt * 1_000);
        void reply.setCookie(this.nameOf(reply.request, part), text, {
          ...attributes(reply.request),
          expires,
        });
      }
    }
  }

  clear(reply: FastifyReply): void {
    for (let part = 0; part < MAX_PARTS; part += 1) this.clearPart(reply, part);
  }

  isIn(request: FastifyRequest): boolean {
    return request.cookies[this.nameOf(request, 0)] !== undefined;
  }

  /** Its value; nothing if there is none, or if it has expired or was changed. */
  async read(request: FastifyRequest): Promise<T | undefined> {
    const parts = Array.from(
      { length: MAX_PARTS },
      (_, part) => request.cookies[this.nameOf(request, part)] ?? '',
    );
    const sealed = parts.join('');
    const known = this.known.get(sealed);
    if (known && Date.now() < known.exp * 1_000) return known;
    for (const key of this.keys) {
      try {
        const { payload } = await jwtDecrypt<T & { exp: number }>(sealed, key, {
          audience: this.name,
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          requiredClaims: ['exp'],
        });
        this.known.set(sealed, payload);
        return payload;
      } catch {
        // sealed with another key, or not by this gateway
      }
    }
    return undefined;
  }

  private clearPart(reply: FastifyReply, part: number): void {
    const name = this.nameOf(reply.request, part);
    if (reply.request.cookies[name] !== undefined)
      void reply.clearCookie(name, attributes(reply.request));
  }

  private nameOf(request: FastifyRequest, part: number): string {
    const name = part === 0 ? this.name : `${this.name}-${part}`;
    return isSecure(request) ? `__Host-${name}` : name;
  }
}

const isSecure = ({ linkBase }: FastifyRequest): boolean => linkBase.startsWith('https:');

const attributes = (request: FastifyRequest) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request) }) as const;

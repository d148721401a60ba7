import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, processConfig, readConfig } from '@equipmgnt/runtime';
import {
  Api,
  rawAnswer,
  TestIssuer,
  testProcessEnv,
  type TokenClaims,
} from '@equipmgnt/testing/jest';
import { exportSPKI, generateKeyPair } from 'jose';
import { createService } from '../service.ts';
import { SignedIn } from './authenticate.ts';
import type { Principal } from './token-verifier.ts';

/** Routes of the table, which show who sends the request. */
@Controller()
class RoutesController {
  @Get('orders')
  list(@SignedIn() principal: Principal | undefined) {
    return { principal };
  }

  @Post('equipments')
  register(@SignedIn() principal: Principal | undefined) {
    return { principal };
  }

  @Post('approvals')
  approve(@SignedIn() principal: Principal | undefined) {
    return { principal };
  }
}

@Module({ controllers: [RoutesController] })
class RoutesModule {}

describe('Sign-in', () => {
  let issuer: TestIssuer;
  const apps: NestFastifyApplication[] = [];

  const start = async (environment: Record<string, string>): Promise<Api> => {
    const config = readConfig(processConfig, {
      ...testProcessEnv,
      CONNECTION_DRAIN_MS: '0',
      ...environment,
    });
    const app = await createService({ name: 'routes', config, module: RoutesModule });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return new Api(await app.getUrl());
  };
  const required = (more: Record<string, string> = {}) =>
    start({ AUTH: 'required', ...issuer.environment, ...more });
  const listWith = (api: Api, token: string) =>
    api.get('/orders', { authorization: `Bearer ${token}` });

  beforeEach(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await issuer.stop();
  });

  it('refuses a request without a token, and says how to sign in', async () => {
    const { status, body, headers } = await (await required()).get('/orders');
    expect(status).toBe(401);
    expect(body).toMatchObject({
      type: 'urn:equipmgnt:problem:sign-in-required',
      instance: '/orders',
    });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="equipment-rental"');
    expect(headers.get('x-auth')).toBeNull();
  });

  it('knows who sends a token of its issuer', async () => {
    const api = await required();
    const answer = await listWith(api, await issuer.token());
    expect(answer).toMatchObject({
      status: 200,
      body: { principal: { id: 'employee-1', name: '이사원', roles: ['employee'] } },
    });
  });

  it.each<[string, TokenClaims]>([
    ['an expired token', { exp: 1_000 }],
    ['a token that is not valid yet', { nbf: 9_999_999_999 }],
    ['a token without an expiry', { exp: undefined }],
    ['a token of another issuer', { iss: 'https://issuer.example' }],
    ['a token for another audience', { aud: 'payroll' }],
    ['a token without an audience', { aud: undefined }],
    ['a token without a subject', { sub: undefined }],
    ['a token with an empty subject', { sub: '' }],
    ['a token with a control character in its subject', { sub: 'a\u0000b' }],
    ['a token with half a character in its subject', { sub: 'a\ud83d' }],
    ['a token with a subject that no column holds', { sub: 'x'.repeat(256) }],
  ])('refuses %s', async (_, claims) => {
    const { status, body, headers } = await listWith(await required(), await issuer.token(claims));
    expect(status).toBe(401);
    expect(body.type).toBe('urn:equipmgnt:problem:invalid-token');
    expect(headers.get('www-authenticate')).toMatch(/error="invalid_token"$/);
  });

  describe('refuses a forged token:', () => {
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');

    it.each([
      ['without a signature', { alg: 'none' }],
      ['with an algorithm in another case', { alg: 'nOnE' }],
    ])('%s', async (_, header) => {
      const [, claims] = (await issuer.token()).split('.');
      const { status } = await listWith(await required(), `${part(header)}.${claims}.`);
      expect(status).toBe(401);
    });

    it('signed with the public key as a shared secret', async () => {
      const secret = new TextEncoder().encode(await exportSPKI(issuer.publicKey));
      const token = await issuer.token({}, { alg: 'HS256' }, secret);
      expect((await listWith(await required(), token)).status).toBe(401);
    });

    it('signed with a key of its own, also one that its header has or points to', async () => {
      const api = await required();
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
      const jwk = await crypto.subtle.exportKey('jwk', publicKey);
      for (const header of [
        {},
        { jwk },
        { jku: 'https://attacker.example/keys' },
        { kid: '../../keys' },
        { kid: "' OR 1=1" },
      ]) {
        const token = await issuer.token({}, header as object, privateKey);
        expect((await listWith(api, token)).status).toBe(401);
      }
    });

    it('with claims that were changed after it was signed', async () => {
      const [header, , signature] = (await issuer.token()).split('.');
      const claims = part({
        iss: issuer.url,
        aud: TestIssuer.AUDIENCE,
        sub: 'x',
        exp: 9_999_999_999,
        roles: ['operator'],
      });
      expect((await listWith(await required(), `${header}.${claims}.${signature}`)).status).toBe(
        401,
      );
    });
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', 'Token x', 'Bearer x'])(
    'refuses the header "Authorization: %s"',
    async (authorization) => {
      const { status, body } = await (await required()).get('/orders', { authorization });
      expect([status, body.type]).toEqual([401, 'urn:equipmgnt:problem:invalid-token']);
    },
  );

  it('does not ask the issuer about a foreign token', async () => {
    const api = await required();
    await listWith(api, await issuer.token({ iss: 'https://issuer.example' }));
    expect(issuer.requests).toEqual([]);
  });

  it('verifies a token once, and fetches the keys once', async () => {
    const api = await required();
    const token = await issuer.token();
    await Promise.all(Array.from({ length: 20 }, () => listWith(api, token)));
    await listWith(api, await issuer.token({ sub: 'employee-2' }));
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
    issuer.unavailable = true;
    expect((await listWith(api, token)).status).toBe(200);
  });

  it('accepts a token that was signed with a new key', async () => {
    const api = await required();
    await issuer.rotate();
    expect((await listWith(api, await issuer.token())).status).toBe(200);
  });

  it('answers 503 while the issuer does not answer, to those whose token it must verify', async () => {
    issuer.unavailable = true;
    const api = await required();
    const { status, body, headers } = await listWith(api, await issuer.token());
    expect(status).toBe(503);
    expect(body.type).toBe('urn:equipmgnt:problem:sign-in-unavailable');
    expect(headers.get('retry-after')).toBe('2');
    expect((await api.get('/orders')).status).toBe(401);
    expect((await api.get('/actuator/health')).status).toBe(200);
  });

  it('takes the keys from AUTH_JWKS_URL, if it is set', async () => {
    const api = await required({ AUTH_JWKS_URL: `${issuer.url}/keys` });
    expect((await listWith(api, await issuer.token())).status).toBe(200);
    expect(issuer.requests).toEqual(['/keys']);
  });

  it.each<[string, TokenClaims, string[]]>([
    ['roles', { roles: ['manager', 'gardener'] }, ['manager']],
    ['roles', { roles: 'employee operator' }, ['employee', 'operator']],
    ['roles', { roles: { manager: true } }, []],
    ['cognito:groups', { 'cognito:groups': ['manager'] }, ['manager']],
    ['realm_access.roles', { realm_access: { roles: ['manager'] } }, ['manager']],
    ['https://rental.example/roles', { 'https://rental.example/roles': ['manager'] }, ['manager']],
    ['__proto__.roles', { roles: ['manager'] }, []],
  ])('reads the roles from the claim %s: %j', async (claim, claims, roles) => {
    const api = await required({ AUTH_ROLES_CLAIM: claim });
    const { status, body } = await listWith(api, await issuer.token({ roles: [], ...claims }));
    if (roles.length === 0) expect(status).toBe(403);
    else expect(body.principal.roles).toEqual(roles);
  });

  it('accepts an access token of Cognito, which has client_id instead of aud', async () => {
    const token = await issuer.token({ aud: undefined, client_id: TestIssuer.AUDIENCE });
    expect((await listWith(await required(), token)).status).toBe(200);
  });

  it('refuses a role that is too low with 403, and accepts a higher one', async () => {
    const api = await required();
    const register = async (role: string) =>
      api.post('/equipments', {}, await issuer.bearer({ roles: [role] }));
    const refused = await register('employee');
    expect([refused.status, refused.body.type]).toEqual([
      403,
      'urn:equipmgnt:problem:role-missing',
    ]);
    expect(refused.body.detail).toBe('The role manager is needed.');
    expect((await register('manager')).status).toBe(201);
    expect((await register('operator')).status).toBe(201);
  });

  it('requires nothing for POST /approvals, for unknown paths and for the actuator', async () => {
    const api = await required();
    expect((await api.post('/approvals', {})).status).toBe(201);
    expect((await api.get('/nothing')).status).toBe(404);
    expect((await api.get('/actuator/info')).status).toBe(200);
  });

  it.each([
    '//orders',
    '/orders/',
    '/ORDERS',
    '/orders?x=1',
    '/%6frders',
    '/./orders',
    '/orders;x',
  ])('cannot be avoided with the path %s', async (path) => {
    const { hostname, port } = new URL((await required()).url);
    const url = `http://${hostname}:${port}`;
    const answer = await rawAnswer(
      url,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 (401|400|404)/);
  });

  describe('that is optional', () => {
    it('lets a request without a token do everything, and says so', async () => {
      const api = await start({});
      const { status, body, headers } = await api.post('/equipments', {});
      expect([status, body]).toEqual([201, {}]);
      expect(headers.get('x-auth')).toBe('optional');
    });

    it('gives a request with a token the roles of the token', async () => {
      const api = await start({ AUTH: 'optional', ...issuer.environment });
      expect((await api.post('/equipments', {}, await issuer.bearer())).status).toBe(403);
      expect((await listWith(api, await issuer.token({ exp: 1_000 }))).status).toBe(401);
    });

    it('accepts no token without an issuer', async () => {
      const { status, body } = await listWith(await start({}), await issuer.token());
      expect(status).toBe(401);
      expect(body.detail).toMatch(/no AUTH_ISSUER/);
    });
  });

  it.each([
    [{ NODE_ENV: 'production' }, /^AUTH_ISSUER: expected the issuer.*AUTH=optional/],
    [{ AUTH: 'required' }, /^AUTH_ISSUER: /],
    [{ AUTH: 'required', AUTH_ISSUER: 'https://issuer.example' }, /^AUTH_AUDIENCE: /],
    [{ AUTH: 'optional', AUTH_AUDIENCE: 'rental' }, /^AUTH_ISSUER: expected the issuer/],
    [{ AUTH: 'never' }, /^AUTH: expected required or optional, got "never"/],
    [{ AUTH_ISSUER: 'issuer.example' }, /^AUTH_ISSUER: expected an address/],
  ])('does not start with %j', async (environment, message) => {
    const started = start(environment as Record<string, string>);
    await expect(started).rejects.toThrow(ConfigError);
    await expect(started).rejects.toThrow(message);
  });

  it('is optional in production only when the configuration says so', async () => {
    const api = await start({ NODE_ENV: 'production', AUTH: 'optional' });
    expect((await api.get('/orders')).headers.get('x-auth')).toBe('optional');
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts, NODE, REPOSITORY } from '@equipmgnt/testing';
import { Api, eventually, runSuite } from '@equipmgnt/testing/jest';

/** What a browser does with cookies and redirects. */
class Browser {
  readonly cookies = new Map<string, string>();
  /** The addresses of the last navigation. */
  visited: string[] = [];

  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie !== '' && { cookie }), ...(init.headers as object) };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** Sends a request and follows its redirects. */
  async visit(url: string, init?: RequestInit): Promise<Response> {
    this.visited = [url];
    let answer = await this.send(url, init);
    for (;;) {
      const location = answer.headers.get('location');
      if (location === null) return answer;
      await answer.body?.cancel();
      const next = new URL(location, this.visited.at(-1)).href;
      this.visited.push(next);
      answer = await this.send(next);
    }
  }
}

describe('Sign-in with a browser', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let issuer: ChildProcess;
  let issuerUrl: string;
  let gateway: string;

  beforeAll(async () => {
    const [issuerPort, gatewayPort] = (await freePorts(2)) as [number, number];
    issuerUrl = `http://127.0.0.1:${issuerPort}`;
    gateway = `http://127.0.0.1:${gatewayPort}`;
    const ports = { ISSUER_PORT: String(issuerPort), GATEWAY_PORT: String(gatewayPort) };
    const env = { ...process.env, ...ports, NODE_ENV: 'development' };
    const main = join(REPOSITORY, 'tools/issuer/src/main.ts');
    issuer = spawn(NODE, [main], { env, stdio: 'ignore' });
    await eventually(() => fetch(issuerUrl));
    const auth = {
      AUTH: 'required',
      AUTH_ISSUER: issuerUrl,
      AUTH_AUDIENCE: 'equipment-rental',
    };
    running = await runSuite({
      ports: { gateway: [gatewayPort] },
      env: {
        gateway: {
          ...auth,
          AUTH_CLIENT_ID: 'rental-web',
          SESSION_SECRETS: 'a secret of this test '.repeat(3),
        },
        order: auth,
        approval: auth,
        equipment: auth,
        mis: auth,
      },
    });
  });
  afterAll(async () => {
    await running?.stop();
    await stopIssuer();
  });

  async function stopIssuer(): Promise<void> {
    if (issuer.exitCode !== null || issuer.signalCode !== null) return;
    const exit = once(issuer, 'exit');
    issuer.kill();
    await exit;
  }

  /** Signs a person in, and returns the answer of the page at which the browser continues. */
  async function signIn(browser: Browser, person: string, returnTo = '/auth/session') {
    const query = new URLSearchParams({ returnTo });
    const page = await browser.visit(`${gateway}/auth/sign-in?${query}`);
    expect(page.status).toBe(200);
    const [, action] =
      new RegExp(`action="(/people/[^"]+/${person})"`).exec(await page.text()) ?? [];
    return browser.visit(issuerUrl + action, { method: 'POST' });
  }

  const json = (browser: Browser, path: string, body: object, headers: object) =>
    browser.send(gateway + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers } as Record<string, string>,
    });

  it('gives a session, in which the person orders', async () => {
    const manager = new Browser();
    const session = await signIn(manager, 'manager');
    expect(session.status).toBe(200);
    expect(await session.json()).toEqual({
      signedIn: true,
      id: 'manager',
      name: '김매니저',
      roles: ['manager'],
    });
    const registered = await json(manager, '/equipments', { stock: 5 }, { origin: gateway });
    expect(registered.status).toBe(201);
    const { id: equipmentId } = (await registered.json()) as { id: number };

    const employee = new Browser();
    await signIn(employee, 'employee');
    const order = { equipmentId, qty: 1 };
    const ordered = await json(employee, '/orders', order, { 'sec-fetch-site': 'same-origin' });
    expect([201, 202]).toContain(ordered.status);
    expect(await ordered.json()).toMatchObject({ requester: { id: 'employee', name: '이사원' } });
    expect((await json(employee, '/equipments', { stock: 5 }, { origin: gateway })).status).toBe(
      403,
    );
  });

  it('keeps the token in a cookie that scripts cannot read and nobody can understand', async () => {
    const browser = new Browser();
    await browser.visit(`${gateway}/auth/sign-in`);
    const attempt = await browser.send(`${gateway}/auth/sign-in`);
    for (const line of attempt.headers.getSetCookie()) {
      expect(line).toMatch(/; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/);
    }
    await signIn(browser, 'employee');
    for (const [name, value] of browser.cookies) {
      if (!name.startsWith('session')) continue;
      const [header = ''] = value.split('.');
      expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
        alg: 'dir',
        enc: 'A256GCM',
      });
    }
    expect(browser.cookies.has('session')).toBe(true);
    expect(browser.cookies.has('sign-in')).toBe(false); // used once
  });

  it('uses PKCE, a state and a nonce, which are new each time', async () => {
    const urls = await Promise.all(
      [1, 2].map(async () => {
        const answer = await new Browser().send(`${gateway}/auth/sign-in`);
        return new URL(answer.headers.get('location') ?? '');
      }),
    );
    const [first, second] = urls.map(({ searchParams }) => Object.fromEntries(searchParams));
    expect(first).toMatchObject({
      client_id: 'rental-web',
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${gateway}/auth/callback`,
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(first?.[name]).not.toBe(second?.[name]);
    }
  });

  it('returns only to a page of this gateway', async () => {
    for (const returnTo of [
      'https://attacker.example',
      '//attacker.example',
      '/\\attacker.example',
      '\\\\attacker.example',
      '/\t/attacker.example',
      'javascript:alert(1)',
      'orders',
    ]) {
      const browser = new Browser();
      await signIn(browser, 'employee', returnTo);
      const last = new URL(browser.visited.at(-1) ?? '');
      expect([returnTo, last.origin]).toEqual([returnTo, gateway]);
    }
    const browser = new Browser();
    await signIn(browser, 'employee', '/orders?size=1');
    expect(browser.visited.at(-1)).toBe(`${gateway}/orders?size=1`);
  });

  it('does not complete a sign-in that another browser has begun', async () => {
    const attacker = new Browser();
    const page = await attacker.visit(`${gateway}/auth/sign-in`);
    const [action] = /\/people\/[^"]+\/employee/.exec(await page.text()) ?? [];
    let answer = await attacker.send(issuerUrl + action, { method: 'POST' });
    let location = '';
    while (!location.includes('/auth/callback')) {
      location = new URL(answer.headers.get('location') ?? '', issuerUrl).href;
      if (!location.includes('/auth/callback')) answer = await attacker.send(location);
    }
    const victim = new Browser();
    await victim.visit(`${gateway}/auth/sign-in`);
    for (const browser of [new Browser(), victim]) {
      const callback = await browser.send(location);
      expect(callback.status).toBe(400);
      expect(await callback.json()).toMatchObject({ type: 'urn:equipmgnt:problem:sign-in-failed' });
      expect(browser.cookies.has('session')).toBe(false);
    }
  });

  it('refuses a request that a page of another site sends with the session', async () => {
    const browser = new Browser();
    await signIn(browser, 'manager');
    for (const headers of [
      {},
      { origin: 'https://attacker.example' },
      { origin: 'null' },
      { origin: gateway, 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await json(browser, '/equipments', { stock: 1 }, headers);
      expect([headers, answer.status]).toEqual([headers, 403]);
      expect(await answer.json()).toMatchObject({
        type: 'urn:equipmgnt:problem:cross-site-request',
      });
    }
    const signOut = await browser.send(`${gateway}/auth/sign-out`, { method: 'POST' });
    expect(signOut.status).toBe(403);
  });

  it('ends a session whose cookie was changed, and says so', async () => {
    const browser = new Browser();
    await signIn(browser, 'employee');
    const session = browser.cookies.get('session') ?? '';
    for (const changed of [
      `${session.slice(0, -4)}AAAA`,
      session.slice(0, -1),
      'x',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${session.split('.')[1]}`,
    ]) {
      browser.cookies.set('session', changed);
      const answer = await browser.send(`${gateway}/orders`);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ type: 'urn:equipmgnt:problem:session-ended' });
      expect(browser.cookies.has('session')).toBe(false);
    }
    // a sign-in that has begun is not a session
    await browser.visit(`${gateway}/auth/sign-in`);
    browser.cookies.set('session', browser.cookies.get('sign-in') ?? '');
    expect((await browser.send(`${gateway}/orders`)).status).toBe(401);
  });

  it('prefers the token of a request to its session', async () => {
    const browser = new Browser();
    await signIn(browser, 'manager');
    const headers = { authorization: 'Bearer x' };
    expect((await browser.send(`${gateway}/orders`, { headers })).status).toBe(401);
  });

  it('ends with the session, here and at the issuer', async () => {
    const browser = new Browser();
    await signIn(browser, 'employee');
    const answer = await browser.send(`${gateway}/auth/sign-out`, {
      method: 'POST',
      headers: { origin: gateway, 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(303);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.origin).toBe(issuerUrl);
    expect(location.searchParams.get('post_logout_redirect_uri')).toBe(`${gateway}/`);
    expect(browser.cookies.has('session')).toBe(false);
    expect((await browser.send(`${gateway}/auth/session`)).status).toBe(401);
  });

  it('writes neither codes nor tokens nor cookies to a log', () => {
    const lines = running.suite.processes.flatMap((process) => process.lines);
    expect(lines.filter((line) => line.includes('/auth/callback')).length).toBeGreaterThan(0);
    expect(lines.filter((line) => /eyJ|code=|bearer|session=/i.test(line))).toEqual([]);
  });

  it('says that the issuer does not answer', async () => {
    await stopIssuer();
    const gatewayOfOptional = await running.start({
      services: { gateway: 1, order: 0, approval: 0, equipment: 0, mis: 0 },
      env: {
        gateway: {
          AUTH: 'optional',
          AUTH_ISSUER: issuerUrl,
          AUTH_AUDIENCE: 'equipment-rental',
          AUTH_CLIENT_ID: 'rental-web',
          SESSION_SECRETS: 'a secret of this test '.repeat(3),
          ORDER_URL: running.suite.order[0].url,
          APPROVAL_URL: running.suite.approval[0].url,
          EQUIPMENT_URL: running.suite.equipment[0].url,
          MIS_URL: running.suite.mis[0].url,
        },
      },
    });
    const api = new Api(gatewayOfOptional.gateway[0].url);
    const answer = await api.get('/auth/sign-in');
    expect([answer.status, answer.body.type]).toEqual([
      503,
      'urn:equipmgnt:problem:sign-in-unavailable',
    ]);
    expect((await api.get('/auth/session')).body).toEqual({ signedIn: false });
  });
});

import { ACCESS, includesRole, type Access, type Role } from '@equipmgnt/contracts';
import {
  Api,
  eventually,
  runSuite,
  TestIssuer,
  type Answer,
  type TokenClaims,
} from '@equipmgnt/testing/jest';

/** Without sign-in with a browser, pages and streams, which have tests of their own. */
const ROUTES = (Object.entries(ACCESS) as [keyof typeof ACCESS, Access][]).filter(
  ([route]) => !/ \/(auth\/|docs\b|ops$|ops\/(ops\.|events))/.test(route),
);
const MODES = ['required', 'optional'] as const;

type Mode = (typeof MODES)[number];

/** Who sends a request: nobody, with a token that must not be accepted, or with a good one. */
const REFUSED = {
  'an expired token': { exp: 1_000 },
  'a token of another issuer': { iss: 'https://issuer.example' },
  'a token for another audience': { aud: 'payroll' },
};
const ACCEPTED = {
  'an employee': { sub: 'employee-1', name: '이사원', roles: ['employee'] },
  'another employee': { sub: 'employee-2', name: '박사원', roles: ['employee'] },
  'a manager': { sub: 'manager-1', name: '김매니저', roles: ['manager'] },
  'an operator': { sub: 'operator-1', name: '운영자', roles: ['operator'] },
  'someone without a role': { sub: 'visitor-1', name: '방문자', roles: ['visitor'] },
};
const CLIENTS = [
  'nobody',
  'a token with another algorithm',
  ...Object.keys(REFUSED),
  ...Object.keys(ACCEPTED),
] as const;

describe('Sign-in', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let issuer: TestIssuer;
  const apis = {} as Record<Mode, Api>;
  /** An order of `an employee`. */
  let orderId: number;
  let equipmentId: number;
  let approvalId: number;

  const everywhere = (environment: Record<string, string>) => ({
    gateway: environment,
    order: environment,
    approval: environment,
    equipment: environment,
    mis: environment,
  });

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    running = await runSuite({ env: everywhere({ ...issuer.environment, AUTH: 'required' }) });
    apis.required = running.api;
    const optional = await running.start({
      env: everywhere({ ...issuer.environment, AUTH: 'optional' }),
    });
    apis.optional = new Api(optional.gateway[0].url);
    const manager = await headersOf('a manager');
    equipmentId = (await running.api.post('/equipments', { stock: 1_000 }, manager)).body.id;
    ({ id: orderId, approvalId } = await place('an employee'));
    await eventually(async () => {
      const { status } = await running.api.get(`/mis/${orderId}`, manager);
      expect(status).toBe(200);
    });
  });
  afterAll(async () => {
    await running?.stop();
    await issuer?.stop();
  });

  async function headersOf(client: string): Promise<Record<string, string>> {
    if (client === 'nobody') return {};
    if (client === 'a token with another algorithm') {
      const secret = new TextEncoder().encode('a secret that everyone knows, of 256 bits');
      const token = await issuer.token(ACCEPTED['an operator'], { alg: 'HS256' }, secret);
      return { authorization: `Bearer ${token}` };
    }
    const refused = (REFUSED as Record<string, TokenClaims>)[client];
    const accepted = (ACCEPTED as Record<string, TokenClaims>)[client];
    return issuer.bearer(accepted ?? { ...ACCEPTED['an operator'], ...refused });
  }

  async function place(client: string, headers = {}): Promise<Answer['body']> {
    const order = { equipmentId, qty: 1 };
    const all = { ...(await headersOf(client)), ...headers };
    const { status, body } = await apis.optional.post('/orders', order, all);
    expect([201, 202]).toContain(status);
    return body;
  }

  /** Sends a request of a route, for the order of `an employee`. */
  async function send(api: Api, route: string, headers: Record<string, string>): Promise<Answer> {
    const [method = '', pattern = ''] = route.split(' ');
    if (method === 'PATCH') {
      const { id } = await place('an employee');
      return api.patch(`/orders/${id}`, { status: 'CANCELLED' }, headers);
    }
    if (method === 'POST') {
      const bodies: Record<string, object> = {
        '/equipments': { stock: 1 },
        '/orders': { equipmentId, qty: 1 },
        '/approvals': { equipmentId, orderId: 1_000_000, qty: 1 },
      };
      return api.post(pattern, bodies[pattern], headers);
    }
    const ids: Record<string, number> = { '/equipments': equipmentId, '/approvals': approvalId };
    const collection = pattern.replace('/:id', '');
    return api.get(pattern.replace(':id', String(ids[collection] ?? orderId)), headers);
  }

  function expected(route: string, access: Access, client: string, mode: Mode): number | string {
    if (route === 'POST /approvals') return 405; // the gateway offers no such route
    if (access === 'anyone') return 'accepted';
    if (client === 'nobody' && mode === 'required') return 401;
    if (client !== 'nobody' && !(client in ACCEPTED)) return 401;
    const roles = (ACCEPTED as Record<string, { roles: string[] }>)[client]?.roles as Role[];
    if (client !== 'nobody' && !includesRole(roles ?? [], access as Role)) return 403;
    const isOwned = /^(GET|PATCH) \/(orders|mis)\/:id$/.test(route);
    return isOwned && client === 'another employee' ? 404 : 'accepted';
  }

  describe.each(MODES)('that is %s', (mode) => {
    describe.each(CLIENTS)('for %s', (client) => {
      it.each(ROUTES)('decides about %s (%s)', async (route, access) => {
        const { status } = await send(apis[mode], route, await headersOf(client));
        const decision = [200, 201, 202].includes(status) ? 'accepted' : status;
        expect(decision).toBe(expected(route, access, client, mode));
      });
    });
  });

  it('is verified again by each service', async () => {
    for (const service of ['order', 'approval', 'equipment', 'mis'] as const) {
      const api = new Api(running.suite[service][0].url);
      const path = `/${service === 'mis' ? 'mis' : `${service}s`}`;
      expect((await api.get(path)).status).toBe(401);
      const spoofed = { 'x-user': 'operator-1', 'x-forwarded-user': 'operator-1' };
      expect((await api.get(path, spoofed)).status).toBe(401);
      expect((await api.get(path, await headersOf('a manager'))).status).toBe(200);
    }
  });

  it('stores who ordered, and shows it in all views', async () => {
    const requester = { id: 'employee-1', name: '이사원' };
    const employee = await headersOf('an employee');
    const order = await running.api.get(`/orders/${orderId}`, employee);
    expect(order.body.requester).toEqual(requester);
    expect((await running.api.get(`/mis/${orderId}`, employee)).body.requester).toEqual(requester);
    const whole = { ...order.body, status: 'CANCELLED' };
    const changed = await running.api.patch(`/orders/${orderId}`, whole, employee);
    expect(changed).toMatchObject({ status: 200, body: { status: 'CANCELLED', requester } });
    const other = { ...whole, requester: { id: 'employee-2', name: '박사원' } };
    expect((await running.api.patch(`/orders/${orderId}`, other, employee)).status).toBe(400);
  });

  it('shows an employee only the own orders, and a manager all of them or the own ones', async () => {
    const claims = { sub: 'employee-3', name: '최사원', roles: ['employee'] };
    const employee = await issuer.bearer(claims);
    const own = (await running.api.post('/orders', { equipmentId, qty: 1 }, employee)).body.id;
    const nobodys = await place('nobody');
    await eventually(async () => {
      const { status } = await running.api.get(`/mis/${nobodys.id}`, await headersOf('a manager'));
      expect(status).toBe(200);
    });
    for (const collection of ['orders', 'mis']) {
      const idsOf = async (query: string, headers: Record<string, string>) => {
        const { body } = await running.api.get(`/${collection}?size=1000${query}`, headers);
        const ids: number[] = body._embedded[collection].map(({ id }: { id: number }) => id);
        expect(body.page.totalElements).toBe(ids.length);
        return ids;
      };
      expect(await idsOf('', employee)).toEqual([own]);
      expect(await idsOf('&requester=me', employee)).toEqual([own]);
      const all = await idsOf('', await headersOf('a manager'));
      expect(all).toEqual(expect.arrayContaining([own, orderId, nobodys.id]));
      expect(
        await idsOf('&requester=me', await issuer.bearer({ ...claims, roles: ['manager'] })),
      ).toEqual([own]);
      expect((await running.api.get(`/${collection}/${nobodys.id}`, employee)).status).toBe(404);
      const open = await apis.optional.get(`/${collection}?requester=me`);
      expect([open.status, open.body.errors[0].pointer]).toEqual([400, '#/requester']);
      expect((await running.api.get(`/${collection}?requester=x`, employee)).status).toBe(400);
    }
  });

  it('does not let one requester use the idempotency key of another', async () => {
    const key = { 'idempotency-key': 'the-same' };
    const first = await place('an employee', key);
    const second = await place('another employee', key);
    const nobodys = await place('nobody', key);
    expect(new Set([first.id, second.id, nobodys.id]).size).toBe(3);
    expect((await place('an employee', key)).id).toBe(first.id);
    expect((await place('another employee', key)).id).toBe(second.id);
  });

  it('approves an order that waited, also when the token has expired since', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const short = await issuer.bearer({ sub: 'employee-4', exp: now + 2 });
    await running.suite.approval[0].stop();
    const waiting = await running.api.post('/orders', { equipmentId, qty: 1 }, short);
    expect(waiting.status).toBe(202);
    await eventually(async () =>
      expect((await running.api.get('/orders', short)).status).toBe(401),
    );
    await running.suite.approval[0].start();
    await eventually(async () => {
      const { body } = await running.api.get(
        `/orders/${waiting.body.id}`,
        await headersOf('a manager'),
      );
      expect(body).toMatchObject({ status: 'APPROVED', requester: { id: 'employee-4' } });
    });
  });

  it('writes no token to a log', () => {
    const lines = running.suite.processes.flatMap((process) => process.lines);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => /eyJ|bearer/i.test(line))).toEqual([]);
  });
});

import { rentalClient, type Resources } from '@equipmgnt/client';
import { ACCESS } from '@equipmgnt/contracts';
import { eventually, runSuite, TestIssuer, type Answer, type Api } from '@equipmgnt/testing/jest';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Headers = Record<string, string>;

interface Operation {
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, object>> }>
  >;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** One request that is answered with a documented status. */
interface Example {
  readonly path: string;
  readonly method: 'get' | 'post' | 'patch';
  readonly status: number;
  readonly url?: string;
  readonly body?: object;
  readonly headers?: Headers;
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const COLLECTIONS = ['equipments', 'orders', 'approvals', 'mis'] as const;

describe('The OpenAPI document', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let issuer: TestIssuer;
  let api: Api;
  let document: OpenApi;
  let ajv: Ajv2020;
  const seen = new Set<string>();

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const env = { ...issuer.environment, AUTH: 'required' };
    running = await runSuite({
      env: { gateway: env, order: env, approval: env, equipment: env, mis: env },
    });
    api = running.api;
    document = (await api.get('/openapi.json')).body;
    ajv = new Ajv2020({ strict: false, formats: { 'date-time': DATE_TIME } });
    ajv.addSchema(document, 'openapi');
  });
  afterAll(async () => {
    await running?.stop();
    await issuer?.stop();
  });

  const pointer = (...segments: (string | number)[]): string =>
    segments.map((each) => `/${String(each).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

  /** What is wrong with a value by a schema of the document. */
  const faults = (value: unknown, ...place: (string | number)[]): string | undefined => {
    const validate = ajv.compile({ $ref: `openapi#${encodeURI(pointer(...place))}` });
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };

  /** Sends a request, and compares its answer with the document. */
  async function check({ path, method, status, url = path, body, headers = {} }: Example) {
    const answer: Answer = await (method === 'get'
      ? api.get(url, headers)
      : api[method](url, body, headers));
    const what = `${method} ${path} ${status}`;
    expect([what, answer.status]).toEqual([what, status]);
    const type = answer.headers.get('content-type')?.split(';')[0] ?? 'none';
    expect(Object.keys(document.paths[path]?.[method]?.responses[status]?.content ?? {})).toContain(
      type,
    );
    const place = ['paths', path, method] as const;
    const schema = [...place, 'responses', status, 'content', type, 'schema'];
    expect([what, faults(answer.body, ...schema)]).toEqual([what, undefined]);
    if (body !== undefined && status < 300) {
      const content = ['requestBody', 'content', 'application/json', 'schema'];
      expect([what, faults(body, ...place, ...content)]).toEqual([what, undefined]);
    }
    seen.add(what);
    return answer;
  }

  it('is version 3.1, for everyone, and has the routes of the table', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace('{id}', ':id')}`),
    );
    const notDescribed =
      /^(POST \/approvals|GET \/(openapi|asyncapi)\.json|\w+ \/(auth|docs|ops)(\/.*)?)$/;
    const expected = Object.keys(ACCESS).filter((route) => !notDescribed.test(route));
    expect(routes.sort()).toEqual(expected.sort());
  });

  it('describes the routes that each service has', async () => {
    for (const service of ['order', 'approval', 'equipment', 'mis'] as const) {
      const own = await fetch(`${running.suite[service][0].url}/openapi.json`);
      const { paths } = (await own.json()) as OpenApi;
      const collection = service === 'mis' ? '/mis' : `/${service}s`;
      expect(Object.keys(paths)).toEqual([collection, `${collection}/{id}`]);
    }
  });

  it('is true for each answer that it has', async () => {
    const manager = await issuer.bearer({ sub: 'manager-1', roles: ['manager'] });
    const employee = await issuer.bearer({ sub: 'employee-1', roles: ['employee'] });
    const visitor = await issuer.bearer({ roles: ['visitor'] });
    const keyed = (headers: Headers) => ({ ...headers, 'Idempotency-Key': 'a-key' });

    const details = { name: '노트북', category: 'laptop', region: '서울' };
    const equipment = { path: '/equipments', method: 'post' } as const;
    const { body: registered } = await check({
      ...equipment,
      status: 201,
      body: { stock: 5, ...details },
      headers: keyed(manager),
    });
    await check({ ...equipment, status: 422, body: { stock: 6 }, headers: keyed(manager) });
    await check({ ...equipment, status: 400, body: { stock: -1 }, headers: manager });
    await check({ ...equipment, status: 401, body: { stock: 1 } });
    await check({ ...equipment, status: 403, body: { stock: 1 }, headers: employee });

    const wanted = { equipmentId: registered.id, qty: 1 };
    const order = { path: '/orders', method: 'post' } as const;
    const { body: placed } = await check({
      ...order,
      status: 201,
      body: { ...wanted, status: 'ORDERED' },
      headers: keyed(employee),
    });
    await check({ ...order, status: 201, body: { equipmentId: '1', qty: '1' }, headers: employee });
    await check({ ...order, status: 422, body: { ...wanted, qty: 2 }, headers: keyed(employee) });
    await check({ ...order, status: 400, body: { ...wanted, colour: 'blue' }, headers: employee });
    await check({ ...order, status: 401, body: wanted });
    await check({ ...order, status: 403, body: wanted, headers: visitor });
    await eventually(async () => {
      const { body } = await api.get(`/mis/${placed.id}`, manager);
      expect(body.timeline?.length).toBeGreaterThan(2);
    });

    const ids = {
      equipments: registered.id,
      orders: placed.id,
      approvals: placed.approvalId,
      mis: placed.id,
    };
    for (const collection of COLLECTIONS) {
      const list = { path: `/${collection}`, method: 'get' } as const;
      await check({ ...list, status: 200, headers: manager });
      await check({
        ...list,
        status: 200,
        url: `/${collection}?size=1&page=1`,
        headers: { ...manager, accept: 'application/hal+json' },
      });
      await check({ ...list, status: 400, url: `/${collection}?sort=colour`, headers: manager });
      await check({ ...list, status: 401 });
      await check({ ...list, status: 403, headers: visitor });
      const one = { path: `/${collection}/{id}`, method: 'get' } as const;
      const url = `/${collection}/${ids[collection]}`;
      await check({ ...one, status: 200, url, headers: manager });
      await check({ ...one, status: 400, url: `/${collection}/x`, headers: manager });
      await check({ ...one, status: 401, url });
      await check({ ...one, status: 403, url, headers: visitor });
      await check({ ...one, status: 404, url: `/${collection}/999999`, headers: manager });
    }

    const change = { path: '/orders/{id}', method: 'patch', url: `/orders/${placed.id}` } as const;
    const cancelled = { status: 'CANCELLED' };
    await check({ ...change, status: 400, body: { status: 'LOST' }, headers: employee });
    await check({ ...change, status: 401, body: cancelled });
    await check({ ...change, status: 403, body: cancelled, headers: visitor });
    await check({
      ...change,
      status: 404,
      url: '/orders/999999',
      body: cancelled,
      headers: employee,
    });
    await check({ ...change, status: 200, body: cancelled, headers: employee });
    await check({ ...change, status: 409, body: { status: 'ORDERED' }, headers: employee });

    const { body: rejected } = await check({
      ...order,
      status: 201,
      body: { ...wanted, qty: 100 },
      headers: employee,
    });
    await eventually(async () => {
      const { body } = await api.get(`/mis/${rejected.id}`, manager);
      expect(body.reason).toBe('OUT_OF_STOCK');
    });
    for (const collection of ['orders', 'approvals', 'mis'] as const) {
      // a cancelled and a rejected one
      await check({ path: `/${collection}`, method: 'get', status: 200, headers: manager });
    }

    await running.suite.approval[0].stop();
    await check({ ...order, status: 202, body: wanted, headers: employee });

    const documented = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses)
          .filter((status) => status !== 'default')
          .map((status) => `${method} ${path} ${status}`),
      ),
    );
    expect([...seen].sort()).toEqual(documented.sort());
    // the last document of a service that does not answer is used
    expect(Object.keys((await api.get('/openapi.json')).body.paths)).toContain('/approvals');
  });

  it('gives the typed client its types', async () => {
    const token = await issuer.token({ roles: ['manager'] });
    const client = rentalClient({ baseUrl: api.url, token });
    const registered = await client.POST('/equipments', { body: { stock: 5, name: '노트북' } });
    const { id: equipmentId = 0, stock } = registered.data ?? {};
    expect(stock).toBe(5);
    const ordered = await client.POST('/orders', { body: { equipmentId, qty: 2 } });
    const order: Resources['Order'] | undefined = ordered.data;
    expect(order).toMatchObject({ equipmentId, qty: 2 });
    const params = { path: { id: order?.id ?? 0 } };
    const read = await client.GET('/orders/{id}', { params });
    expect(read.data?.requester?.name).toBe('이사원');
    const refused = await client.POST('/orders', { body: { equipmentId, qty: 0 } });
    const problem: Resources['Problem'] | undefined = refused.error;
    expect(problem?.type).toMatch(/^urn:equipmgnt:problem:/);
    // @ts-expect-error: the document has no such path
    expect((await client.GET('/nothing', {})).response.status).toBe(404);
  });

  it('is accompanied by the AsyncAPI document of the events', async () => {
    const { status, body } = await api.get('/asyncapi.json');
    expect([status, body.asyncapi]).toEqual([200, '3.0.0']);
    expect(Object.keys(body.components.messages)).toContain('Ordered');
  });

  it('would show an answer that it does not describe', () => {
    const schema = [
      'paths',
      '/orders/{id}',
      'get',
      'responses',
      200,
      'content',
      'application/json',
      'schema',
    ];
    expect(faults({ id: 1 }, ...schema)).toContain("must have required property 'equipmentId'");
    const order = {
      id: 1,
      equipmentId: 1,
      qty: 1,
      status: 'ORDERED',
      orderedAt: '2026-01-01T00:00:00Z',
      _links: {},
    };
    expect(faults(order, ...schema)).toBeUndefined();
    expect(faults({ ...order, colour: 'blue' }, ...schema)).toContain(
      'must NOT have additional properties',
    );
    expect(faults({ ...order, orderedAt: 'today' }, ...schema)).toContain('format "date-time"');
  });
});

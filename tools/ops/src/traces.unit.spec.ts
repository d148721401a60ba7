import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readTraces, treesOf } from './traces.ts';

/** What Zipkin and Jaeger answer about the same trace; both were recorded in this form. */
const ZIPKIN = [
  [
    {
      traceId: 'ab',
      id: '2',
      parentId: '1',
      name: 'send ordered',
      timestamp: 1_002_500,
      duration: 3_000,
      localEndpoint: { serviceName: 'order' },
    },
    {
      traceId: 'ab',
      id: '1',
      name: 'post /orders',
      timestamp: 1_000_000,
      duration: 10_000,
      localEndpoint: { serviceName: 'gateway' },
    },
  ],
];
const JAEGER = {
  data: [
    {
      processes: { p1: { serviceName: 'order' }, p2: { serviceName: 'gateway' } },
      spans: [
        {
          traceID: 'ab',
          spanID: '2',
          processID: 'p1',
          operationName: 'send ordered',
          startTime: 1_002_500,
          duration: 3_000,
          references: [{ refType: 'CHILD_OF', spanID: '1' }],
        },
        {
          traceID: 'ab',
          spanID: '1',
          processID: 'p2',
          operationName: 'post /orders',
          startTime: 1_000_000,
          duration: 10_000,
          references: [],
        },
      ],
    },
  ],
};
const TREE = [
  'trace ab',
  '       +0.0 ms     10.0 ms  gateway: post /orders',
  '       +2.5 ms      3.0 ms    order: send ordered',
];

describe('The traces of an order', () => {
  let server: Server;
  let address: string;
  let asked: string | undefined;
  let answer: unknown;

  beforeAll(async () => {
    server = createServer(({ url }, response) => {
      asked = decodeURIComponent(url ?? '');
      response.end(JSON.stringify(answer));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => void server.close());

  it('come from Zipkin', async () => {
    answer = ZIPKIN;
    const spans = await readTraces(17, { ZIPKIN_URL: address });
    expect(asked).toBe('/api/v2/traces?annotationQuery=order.id=17&limit=10');
    expect(treesOf(spans ?? [])).toEqual(TREE);
  });

  it('come from Jaeger', async () => {
    answer = JAEGER;
    const spans = await readTraces(17, { JAEGER_URL: address });
    expect(asked).toBe('/api/traces?service=order&tags={"order.id":"17"}&limit=10');
    expect(treesOf(spans ?? [])).toEqual(TREE);
  });

  it('name the address that does not answer', async () => {
    await expect(readTraces(17, { ZIPKIN_URL: 'http://127.0.0.1:1' })).rejects.toThrow(
      'http://127.0.0.1:1 does not answer',
    );
  });
});

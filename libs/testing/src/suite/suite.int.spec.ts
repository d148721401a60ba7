import { rm } from 'node:fs/promises';
import { commandLine } from '../processes/inspect.ts';
import { Suite, type SuiteOptions } from './suite.ts';
import { makeFakeServices, noConnections } from './fake-services.ts';

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('Suite', () => {
  let repository: string;
  let suite: Suite | undefined;

  beforeAll(async () => {
    repository = await makeFakeServices();
  });
  afterEach(() => suite?.stop());
  afterAll(() => rm(repository, { recursive: true }));

  const start = async (options: Partial<SuiteOptions>) => {
    suite = await Suite.start({ infrastructure: noConnections, repository, ...options });
    return suite;
  };
  const environmentOf = async (url: string) => (await fetch(url)).json();

  it('starts one process of each service, connected to each other', async () => {
    const { processes, gateway, order, approval } = await start({});
    expect(processes.map(({ name }) => name)).toEqual([
      'gateway',
      'order',
      'approval',
      'equipment',
      'mis',
    ]);
    expect(await environmentOf(gateway[0].url)).toMatchObject({ ORDER_URL: order[0].url });
    expect(await environmentOf(order[0].url)).toMatchObject({
      APPROVAL_URL: approval[0].url,
      DATABASE_URL: noConnections.databases.order,
      HOST: '127.0.0.1',
    });
  });

  it('starts replicas with separate ports and the given variables', async () => {
    const { order } = await start({
      services: { order: 2 },
      env: { order: { APPROVAL_URL: 'http://elsewhere:1' } },
    });
    expect(order.map(({ name }) => name)).toEqual(['order', 'order-2']);
    expect(order[1]!.url).not.toBe(order[0].url);
    expect(await environmentOf(order[1]!.url)).toMatchObject({
      APPROVAL_URL: 'http://elsewhere:1',
    });
  });

  it('throws for a service that it was started without', async () => {
    const { processes } = await start({ services: { mis: 1 } });
    expect(processes).toHaveLength(1);
    expect(() => suite!.order).toThrow('started without order');
  });

  it('starts a killed process again at the same address', async () => {
    const { approval } = await start({ services: { approval: 1 } });
    const { url, pid } = approval[0];
    await approval[0].kill('SIGKILL');
    await expect(fetch(url)).rejects.toThrow();
    await approval[0].start();
    expect((await fetch(url)).status).toBe(200);
    expect(approval[0].pid).not.toBe(pid);
  });

  it('keeps the output of its processes', async () => {
    const { mis } = await start({ services: { mis: 1 } });
    await suite!.stop();
    expect(mis[0].lines.map((line) => JSON.parse(line).msg)).toEqual([
      'listening',
      'SIGTERM received',
    ]);
  });

  it('leaves no process running when it is stopped', async () => {
    const { processes } = await start({});
    const pids = processes.map(({ pid }) => pid!);
    expect(await suite!.stop()).toEqual([]);
    expect(await Promise.all(pids.map(commandLine))).toEqual(pids.map(() => undefined));
  });

  it('leaves no process running when a service does not start', async () => {
    const pids: number[] = [];
    const onLine: SuiteOptions['onLine'] = ({ pid }) => pid !== undefined && pids.push(pid);
    const failing = start({ env: { mis: { FAIL: 'no database' } }, onLine });
    await expect(failing).rejects.toThrow(/mis did not start[^]*no database/);
    expect(await Promise.all(pids.map(commandLine))).toEqual(pids.map(() => undefined));
  });
});

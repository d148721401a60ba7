import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Suite,
  makeFakeServices,
  noConnections,
  ControlConnection,
  waitUntil,
  control,
  controlSocketIn,
} from '@equipmgnt/testing';
import { listenForControl } from './control-server.ts';

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('control', () => {
  let repository: string;
  let folder: string;
  let socketFile: string;
  let suite: Suite;
  let end: () => Promise<void>;
  const said: string[] = [];

  beforeAll(async () => {
    repository = await makeFakeServices();
    folder = await mkdtemp(join(tmpdir(), 'control-'));
    socketFile = controlSocketIn(join(folder, 'run'));
    suite = await Suite.start({
      infrastructure: noConnections,
      repository,
      services: { order: 1, approval: 2 },
    });
    end = await listenForControl({ suite, socketFile, say: (text) => said.push(text) });
  });
  afterAll(async () => {
    await end();
    await suite.stop();
    for (const path of [repository, folder]) await rm(path, { recursive: true });
  });

  it('reports the address and pid of each process', async () => {
    const { processes } = await control('status', undefined, socketFile);
    expect(processes).toEqual(
      suite.processes.map(({ name, service, url, pid }) => ({ name, service, url, pid })),
    );
  });

  it('stops and starts all processes of a service', async () => {
    const { processes } = await control('stop', 'approval', socketFile);
    expect(processes.map(({ name, pid }) => [name, pid !== null])).toEqual([
      ['order', true],
      ['approval', false],
      ['approval-2', false],
    ]);
    await expect(fetch(suite.approval[0].url)).rejects.toThrow();
    await control('start', 'approval', socketFile);
    expect((await fetch(suite.approval[0].url)).status).toBe(200);
    expect(said).toEqual(['approval was stopped on request', 'approval was started on request']);
  });

  it('rejects an unknown service, a missing service and an unknown command', async () => {
    await expect(control('stop', 'mis', socketFile)).rejects.toThrow('started without mis');
    await expect(control('stop', undefined, socketFile)).rejects.toThrow('expected one of');
    await expect(control('fly' as 'stop', 'order', socketFile)).rejects.toThrow(
      'expected status, stop, start or handover, got fly',
    );
  });

  it('hands a service over with its settings, which nothing else can then stop or start', async () => {
    const connection = await ControlConnection.open(socketFile);
    const { port, environment } = await connection.takeOver('order');
    expect(suite.order[0].url).toContain(`:${port}`);
    expect(environment).toMatchObject({ DATABASE_URL: noConnections.databases.order });
    await expect(fetch(suite.order[0].url)).rejects.toThrow();
    await expect(control('start', 'order', socketFile)).rejects.toThrow('npm run dev -- order');
    connection.close(); // as when its process is killed
    const started = async () => expect((await fetch(suite.order[0].url)).status).toBe(200);
    await waitUntil(started, { withinMs: 30_000 });
  });

  it('answers a line that is not JSON with the expected format', async () => {
    const socket = connect(socketFile);
    socket.write('stop approval\n');
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(JSON.parse(String(answer))).toMatchObject({
      ok: false,
      error: expect.stringContaining('got stop approval'),
    });
  });

  it('has a socket that only this user can use', async () => {
    expect((await stat(socketFile)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'run'))).mode & 0o777).toBe(0o700);
  });

  it('reports that no suite is running', async () => {
    const nowhere = join(folder, 'nowhere.sock');
    await expect(control('status', undefined, nowhere)).rejects.toThrow('npm start');
  });

  it('uses a shorter path when the path is too long for a socket', () => {
    const deep = join('/', 'x'.repeat(120), 'run');
    expect(controlSocketIn(deep).length).toBeLessThan(104);
    expect(controlSocketIn(deep)).not.toBe(controlSocketIn(`${deep}2`));
  });
});

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts } from '@equipmgnt/testing';
import { eventually } from '@equipmgnt/testing/jest';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { PEOPLE } from './people.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const TOKEN = join(import.meta.dirname, 'token.ts');

describe('The development issuer', () => {
  let issuer: ChildProcess;
  let url: string;
  let env: NodeJS.ProcessEnv;

  /** Runs npm run token. */
  const token = (line: string, environment: NodeJS.ProcessEnv = env) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const args = [TOKEN, ...line.split(' ')];
      execFile(process.execPath, args, { env: environment }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });

  beforeAll(async () => {
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    env = { ...process.env, ISSUER_PORT: String(port), NODE_ENV: 'development' };
    issuer = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
    await eventually(() => fetch(url));
  });
  afterAll(async () => {
    const exit = once(issuer, 'exit');
    issuer.kill();
    await exit;
  });

  it.each(Object.entries(PEOPLE))('gives %s a token that services accept', async (id, person) => {
    const { out, code } = await token(`--as ${id}`);
    expect(code).toBe(0);
    const discovery = await fetch(`${url}/.well-known/openid-configuration`);
    const { issuer: iss, jwks_uri } = (await discovery.json()) as Record<string, string>;
    expect(iss).toBe(url);
    const { payload } = await jwtVerify(out.trim(), createRemoteJWKSet(new URL(jwks_uri!)), {
      issuer: url,
      audience: 'equipment-rental',
      requiredClaims: ['exp'],
    });
    expect(payload).toMatchObject({ sub: id, ...person });
  });

  it('names who can sign in', async () => {
    const { code, err } = await token('--as stranger');
    expect(code).toBe(1);
    expect(err).toContain('manager, employee, employee2, operator');
  });

  it('says what to do when no issuer runs', async () => {
    const [port] = await freePorts(1);
    const { code, err } = await token('--as manager', { ...env, ISSUER_PORT: String(port) });
    expect([code, err]).toEqual([1, expect.stringContaining('Run npm start')]);
  });

  it('does not run in production', async () => {
    const production = spawn(process.execPath, [MAIN], {
      env: { ...env, NODE_ENV: 'production' },
      stdio: 'ignore',
    });
    expect(await once(production, 'exit')).toEqual([1, null]);
  });
});

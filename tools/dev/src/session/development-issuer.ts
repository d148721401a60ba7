import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { askHealth, ManagedProcess, NODE, pidFileIn, REPOSITORY } from '@equipmgnt/testing';

interface DevelopmentIssuer {
  /** Its process, if it is used. */
  readonly processes: readonly ManagedProcess[];
  readonly addresses: readonly (readonly [name: string, url: string])[];
  /** The variables by which services accept its tokens. */
  readonly environment: Readonly<Record<string, string>>;
  /** Those by which the gateway also signs people in with a browser. */
  readonly gatewayEnvironment: Readonly<Record<string, string>>;
}

/**
 * The issuer of tokens that `npm start` runs beside the suite.
 * @param port undefined if the services use another issuer
 */
export function developmentIssuer(
  port: number | undefined,
  gatewayPort: number,
  pidFolder: string,
): DevelopmentIssuer {
  if (port === undefined) {
    return { processes: [], addresses: [], environment: {}, gatewayEnvironment: {} };
  }
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const issuer = new ManagedProcess({
    name: 'issuer',
    command: () => ({
      executable: NODE,
      args: [join(REPOSITORY, 'tools/issuer/src/main.ts')],
      cwd: REPOSITORY,
      env: {
        ...process.env,
        NODE_ENV: 'development',
        ISSUER_PORT: String(port),
        GATEWAY_PORT: String(gatewayPort),
      },
    }),
    output: { onLine: (line) => void lines.push(line) },
    probe: () => askHealth(`${url}/.well-known/openid-configuration`),
    readyWithinMs: 60_000,
    tail: () => lines.slice(-20).join('\n'),
    stopSignal: 'SIGTERM',
    stopWithinMs: 5_000,
    pidFile: pidFileIn(pidFolder, 'issuer'),
  });
  const environment = { AUTH_ISSUER: url, AUTH_AUDIENCE: 'equipment-rental' };
  return {
    processes: [issuer],
    addresses: [['issuer', url]],
    environment,
    gatewayEnvironment: {
      ...environment,
      AUTH_CLIENT_ID: 'rental-web',
      SESSION_SECRETS: randomBytes(32).toString('hex'),
    },
  };
}

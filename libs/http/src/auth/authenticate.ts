import { ACCESS, includesRole, type Access } from '@equipmgnt/contracts';
import { ConfigError, type ProcessConfig } from '@equipmgnt/runtime';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problem, sendProblem } from '../problem.ts';
import { InvalidToken, TokenVerifier, type Principal } from './token-verifier.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request. Not set where sign-in is optional and the request has no token. */
    principal: Principal | undefined;
  }
}

const REALM = 'Bearer realm="equipment-rental"';
const SIGN_IN = 'Sign in: send "Authorization: Bearer <token>".';
const routes: Readonly<Record<string, Access>> = ACCESS;

/**
 * Verifies the bearer token of each request, before its body is read, and requires the role that
 * {@link ACCESS} gives for the route: 401 without a valid token, 403 without the role. Where sign-in is
 * optional, a request without a token may do everything, and its answer has `X-Auth: optional`.
 * @throws ConfigError when sign-in is required, but the issuer is not configured
 */
export function authenticate(server: FastifyInstance, config: ProcessConfig): void {
  const isRequired = isSignInRequired(config);
  const verifier = verifierFor(config, isRequired);
  server.decorateRequest('principal');
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404 || request.url.startsWith('/actuator')) return;
    const required = accessOf(request);
    if (required === 'anyone') return;
    const refuse = (status: number, code: string, detail: string, error?: string) => {
      const challenge = error === undefined ? REALM : `${REALM}, error="${error}"`;
      void reply.header('www-authenticate', challenge);
      return sendProblem(reply, problem(status, code, detail), request.url);
    };
    const { authorization } = request.headers;
    if (authorization === undefined) {
      if (isRequired) return refuse(401, 'sign-in-required', SIGN_IN);
      void reply.header('x-auth', 'optional');
      return;
    }
    try {
      request.principal = await verifier.verify(tokenIn(authorization));
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error;
      const detail = `The token is not accepted: ${error.message}.`;
      return refuse(401, 'invalid-token', detail, 'invalid_token');
    }
    if (required !== undefined && !includesRole(request.principal.roles, required)) {
      return refuse(403, 'role-missing', `The role ${required} is needed.`, 'insufficient_scope');
    }
  });
}

/** What the route requires. A path that the table does not have, as at the gateway, needs only a token. */
function accessOf({ method, routeOptions: { url = '' } }: FastifyRequest): Access | undefined {
  return routes[`${method === 'HEAD' ? 'GET' : method} ${url}`];
}

/** Who sends the request; nothing where sign-in is optional and the request has no token. */
export const SignedIn = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal | undefined =>
    context.switchToHttp().getRequest<FastifyRequest>().principal,
);

/** Whether a request without a token is refused. */
export const isSignInRequired = ({ AUTH, NODE_ENV }: ProcessConfig): boolean =>
  (AUTH ?? (NODE_ENV === 'production' ? 'required' : 'optional')) === 'required';

/** Accepts no token, where none is expected. */
const NO_ISSUER = {
  verify(): Promise<Principal> {
    throw new InvalidToken('this server has no AUTH_ISSUER, so it accepts no tokens');
  },
};

function verifierFor(config: ProcessConfig, isRequired: boolean): Pick<TokenVerifier, 'verify'> {
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = config;
  if (issuer !== undefined && audience !== undefined) {
    const { AUTH_ROLES_CLAIM: rolesClaim, AUTH_JWKS_URL: jwksUrl } = config;
    return new TokenVerifier({ issuer, audience, rolesClaim, jwksUrl });
  }
  if (!isRequired && issuer === undefined && audience === undefined) return NO_ISSUER;
  if (issuer !== undefined) {
    throw new ConfigError('AUTH_AUDIENCE: expected the audience of the tokens, it is not set');
  }
  const why = isRequired ? ', because sign-in is required; AUTH=optional lets everyone in' : '';
  throw new ConfigError(`AUTH_ISSUER: expected the issuer of the tokens${why}, it is not set`);
}

function tokenIn(authorization: string): string {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined) throw new InvalidToken('expected "Authorization: Bearer <token>"');
  return token;
}

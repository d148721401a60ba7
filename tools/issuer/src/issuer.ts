import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, type ClientMetadata, type JWK } from 'oidc-provider';
import { AUDIENCE, BROWSER_CLIENT, PEOPLE } from './people.ts';

const ALGORITHM = 'ES256';
/** A working day, so that a token in a terminal lasts. */
const TOKEN_S = 8 * 60 * 60;

const SCOPE = 'openid profile';
const RESOURCE = `urn:${AUDIENCE}`;

/**
 * An OpenID Connect issuer for development. Its access tokens are JWTs with a person's id, name and
 * roles. A command gets one with the grant of client credentials, and a browser with the code flow, where
 * the person is chosen on a page. Its keys last as long as the process.
 * @param url its own address, the `iss` of the tokens
 * @param gateways the addresses of the gateway to which a browser may return
 */
export function createIssuer(url: string, gateways: readonly string[]): Provider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomBytes(8).toString('hex');
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: ALGORITHM, kid } as JWK;
  const issuer = new Provider(url, {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    clients: [...Object.keys(PEOPLE).map(commandClient), browserClient(gateways)],
    ttl: { AccessToken: TOKEN_S, ClientCredentials: TOKEN_S, Session: TOKEN_S, Grant: TOKEN_S },
    claims: { openid: ['sub'], profile: ['name', 'roles'] },
    extraTokenClaims: (_, token) => ({
      ...PEOPLE[String('accountId' in token ? token.accountId : token.clientId)],
    }),
    findAccount: (_, id) =>
      PEOPLE[id] && { accountId: id, claims: () => Promise.resolve({ sub: id, ...PEOPLE[id] }) },
    interactions: { url: (_, { uid }) => `/people/${uid}` },
    // nobody is asked for consent
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client!.clientId,
        accountId: oidc.session!.accountId!,
      });
      grant.addOIDCScope(SCOPE);
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: TOKEN_S,
          jwt: { sign: { alg: ALGORITHM } },
        }),
      },
    },
  });
  choosePeople(issuer);
  return issuer;
}

const commandClient = (person: string): ClientMetadata => ({
  client_id: person,
  client_secret: person,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_post',
  id_token_signed_response_alg: ALGORITHM,
});

const browserClient = (gateways: readonly string[]): ClientMetadata => ({
  client_id: BROWSER_CLIENT,
  token_endpoint_auth_method: 'none',
  scope: SCOPE,
  redirect_uris: gateways.map((gateway) => `${gateway}/auth/callback`),
  post_logout_redirect_uris: gateways.map((gateway) => `${gateway}/`),
  id_token_signed_response_alg: ALGORITHM,
});

/** The page on which a person is chosen, in place of a password. */
function choosePeople(issuer: Provider): void {
  issuer.use(async (context, next) => {
    const [, uid, person] = /^\/people\/([\w-]+)(?:\/(\w+))?$/.exec(context.path) ?? [];
    if (uid === undefined) return next();
    if (context.method === 'POST' && person !== undefined && PEOPLE[person]) {
      const result = { login: { accountId: person } };
      context.redirect(await issuer.interactionResult(context.req, context.res, result));
      context.status = 303;
      return;
    }
    const buttons = Object.entries(PEOPLE).map(
      ([id, { name, roles }]) =>
        `<form method="post" action="/people/${uid}/${id}"><button>${name} (${roles.join()})</button></form>`,
    );
    context.type = 'html';
    context.body = `<!doctype html><html lang="ko"><meta charset="utf-8"><title>Development sign-in</title>
      <style>body { font: 1.2rem sans-serif; margin: 3rem } button { font: inherit; margin: .3rem; padding: .5rem 1rem }</style>
      <h1>Who are you?</h1>${buttons.join('')}</html>`;
  });
}

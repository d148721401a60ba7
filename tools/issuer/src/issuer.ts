import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, type JWK } from 'oidc-provider';
import { AUDIENCE, PEOPLE } from './people.ts';

const ALGORITHM = 'ES256';
/** A working day, so that a token in a terminal lasts. */
const TOKEN_S = 8 * 60 * 60;

/**
 * An OpenID Connect issuer for development. Each person gets an access token with the grant of client
 * credentials: a JWT with the person's id, name and roles. Its keys last as long as the process.
 * @param url its own address, the `iss` of the tokens
 */
export function createIssuer(url: string): Provider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomBytes(8).toString('hex');
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: ALGORITHM, kid } as JWK;
  return new Provider(url, {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    clients: Object.keys(PEOPLE).map((id) => ({
      client_id: id,
      client_secret: id,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: ALGORITHM,
    })),
    ttl: { ClientCredentials: TOKEN_S },
    extraTokenClaims: (_, token) => ({ ...PEOPLE[String(token.clientId)] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${AUDIENCE}`,
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
}

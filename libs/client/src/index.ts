import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './api.ts';

export type { paths } from './api.ts';

/** The resources of the API, by their names in its OpenAPI document: `Order`, `Equipment`, … */
export type Resources = components['schemas'];

export interface ClientOptions {
  /** Of the gateway; empty for the server of the page. */
  readonly baseUrl: string;
  /** A bearer token, where sign-in is required and the browser has no session. */
  readonly token?: string | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A client of the HTTP API whose paths, bodies and answers have the types of its OpenAPI document. */
export function rentalClient({ baseUrl, token, fetch }: ClientOptions): Client<paths> {
  return createClient<paths>({
    baseUrl,
    ...(fetch && { fetch }),
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  });
}

import { join } from 'node:path';

/** The modules with the paths of each service, and the names of what they export. */
const PATHS = {
  order: ['orders.api.js', 'orderPaths'],
  approval: ['approvals.api.js', 'approvalPaths'],
  equipment: ['equipments.api.js', 'equipmentPaths'],
  mis: ['mis.api.js', 'rentalPaths'],
} as const;

/** A JSON schema, as far as the documents use it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface AsyncApi {
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly name: string; readonly payload: Schema }>
    >;
  };
}

/** What a version promises to clients and consumers. */
export interface Contracts {
  readonly openApi: OpenApi;
  readonly asyncApi: AsyncApi;
}

/**
 * The contracts of a built version.
 * @param repository with its build
 * @returns nothing if the version has no OpenAPI document yet
 */
export async function readContracts(repository: string): Promise<Contracts | undefined> {
  const built = (path: string) => import(join(repository, path));
  const { openApiDocument } = await built('libs/http/dist/openapi.js').catch(() => ({}));
  if (openApiDocument === undefined) return undefined;
  const documents: OpenApi[] = await Promise.all(
    Object.entries(PATHS).map(async ([service, [file, name]]) => {
      const module = await built(`services/${service}/dist/inbound/http/${file}`);
      return openApiDocument(service, '1.0.0', module[name]);
    }),
  );
  const { asyncApiDocument } = await built('libs/contracts/dist/asyncapi.js');
  return {
    openApi: {
      ...documents[0],
      paths: Object.assign({}, ...documents.map(({ paths }) => paths)),
      components: {
        ...documents[0]!.components,
        schemas: Object.assign({}, ...documents.map(({ components }) => components.schemas)),
      },
    },
    asyncApi: asyncApiDocument(),
  };
}

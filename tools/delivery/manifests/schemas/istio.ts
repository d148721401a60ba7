import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { CannotCheck } from '../build.ts';
import { nameOf, type KubernetesObject } from '../objects.ts';
import type { Complaint } from '../checks/check.ts';

const WORKSPACE = join(import.meta.dirname, '..');
const MODULE = 'istio.io/api';
const DEFINITIONS = 'kubernetes/customresourcedefinitions.gen.yaml';

export const isOfIstio = ({ apiVersion }: KubernetesObject): boolean =>
  /\.istio\.io\//.test(apiVersion);

interface Definition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** Istio's own schemas, by `apiVersion kind`. */
export type IstioSchemas = ReadonlyMap<string, ValidateFunction>;

/**
 * Reads the schemas from Istio's module, which Go downloads once.
 * @throws CannotCheck if Go is missing or the module cannot be downloaded
 */
export async function istioSchemas(): Promise<IstioSchemas> {
  // ajv does not know Go's formats, such as int32; it knows the rest of the schemas.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const schemas = new Map<string, ValidateFunction>();
  const text = await readFile(join(await moduleFolder(), DEFINITIONS), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const definition = document.toJS() as Definition | null;
    for (const { name, served, schema } of definition?.spec.versions ?? []) {
      const { group, names } = definition!.spec;
      if (!served) continue;
      const { properties = {} } = schema.openAPIV3Schema;
      // Kubernetes defines the other fields, equally for every kind.
      const spec = {
        type: 'object',
        properties: { spec: refuseUnknown(properties['spec'] ?? {}) },
      };
      schemas.set(`${group}/${name} ${names.kind}`, ajv.compile(spec));
    }
  }
  return schemas;
}

/** Kubernetes drops unknown fields; here they are errors. */
function refuseUnknown(schema: Schema): Schema {
  const { properties, additionalProperties, items } = schema;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...schema,
    ...(items && { items: refuseUnknown(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: refuseUnknown(additionalProperties),
    }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, refuseUnknown(each)]),
      ),
      ...(!isOpen && { additionalProperties: false }),
    }),
  };
}

export function validateIstio(
  schemas: IstioSchemas,
  objects: readonly KubernetesObject[],
): Complaint[] {
  return objects.filter(isOfIstio).flatMap((object) => {
    const { apiVersion, kind } = object;
    const validate = schemas.get(`${apiVersion} ${kind}`);
    if (!validate) {
      const found = `${apiVersion} ${kind}`;
      const known = [...schemas.keys()].filter((name) => name.endsWith(` ${kind}`));
      return [
        { object: nameOf(object), found, expected: known.join(' or ') || "a kind of Istio's" },
      ];
    }
    if (validate(object)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => ({
      object: nameOf(object),
      found: `${instancePath || '/'} ${JSON.stringify(params)}`,
      expected: `${message}`,
    }));
  });
}

async function moduleFolder(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', MODULE], {
      cwd: WORKSPACE,
    });
    return (JSON.parse(stdout) as { Dir: string }).Dir;
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
    } = error as NodeJS.ErrnoException & {
      stdout?: string;
      stderr?: string;
    };
    throw new CannotCheck(
      code === 'ENOENT'
        ? `Go is needed to download Istio's schemas (${MODULE}), but there is no go on PATH: ` +
            'https://go.dev/doc/install'
        : `Istio's schemas (${MODULE}) cannot be downloaded:\n${stderr}${stdout}`,
    );
  }
}

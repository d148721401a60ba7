import type { AsyncApi, Contracts, OpenApi, Operation, Schema } from './documents.ts';

/**
 * Finds the changes after which a client or consumer of the old version no longer works: it sends what is
 * refused now, or does not get what it was promised. The rules are those of oasdiff's breaking changes,
 * for what the documents use.
 * @returns a sentence for each
 * @see https://github.com/oasdiff/oasdiff/blob/main/docs/BREAKING-CHANGES.md
 */
export function breakingChanges(old: Contracts, next: Contracts): string[] {
  return [...ofHttp(old.openApi, next.openApi), ...ofEvents(old.asyncApi, next.asyncApi)];
}

function ofHttp(old: OpenApi, next: OpenApi): string[] {
  const before = { resolve: resolverOf(old) };
  const after = { resolve: resolverOf(next) };
  return Object.entries(old.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const where = `${method.toUpperCase()} ${path}`;
      const found = next.paths[path]?.[method];
      if (!found) return [`${where} is gone`];
      return [
        ...ofParameters(where, operation, found),
        ...ofBodies(where, operation, found, { before, after }),
      ];
    }),
  );
}

function ofParameters(where: string, old: Operation, next: Operation): string[] {
  const { parameters: before = [] } = old;
  const { parameters: after = [] } = next;
  const same = (a: { name: string; in: string }) => (b: { name: string; in: string }) =>
    a.name === b.name && a.in === b.in;
  return [
    ...before.flatMap((parameter) => {
      const place = `${where}: the ${parameter.in} parameter ${parameter.name}`;
      const found = after.find(same(parameter));
      if (!found) return [`${place} is gone`];
      return narrowed(place, parameter.schema, found.schema);
    }),
    ...after
      .filter(({ required }) => required)
      .filter((parameter) => !before.find(same(parameter))?.required)
      .map(({ in: place, name }) => `${where}: the ${place} parameter ${name} is required now`),
  ];
}

/** How both documents resolve references. */
interface Resolvers {
  readonly before: { readonly resolve: (schema: Schema) => Schema };
  readonly after: { readonly resolve: (schema: Schema) => Schema };
}

function ofBodies(where: string, old: Operation, next: Operation, resolvers: Resolvers): string[] {
  const sent = schemaOf(old.requestBody);
  const accepted = schemaOf(next.requestBody);
  const changes = sent && accepted ? ofRequest(`${where}: request`, sent, accepted, resolvers) : [];
  for (const [status, response] of Object.entries(old.responses)) {
    const promised = schemaOf(response);
    const found = next.responses[status];
    const place = `${where}: response ${status}`;
    if (!found) changes.push(`${place} is gone`);
    else if (promised) {
      const given = schemaOf(found);
      if (given) changes.push(...ofAnswer(place, promised, given, resolvers));
      else changes.push(`${place} has no body now`);
    }
  }
  return changes;
}

function ofEvents(old: AsyncApi, next: AsyncApi): string[] {
  const inline = { before: { resolve: asIs }, after: { resolve: asIs } };
  return Object.entries(old.components.messages).flatMap(([message, { name, payload }]) => {
    const found = next.components.messages[message];
    if (found?.name !== name) return [`the event ${name} is gone`];
    return ofAnswer(`the event ${name}`, payload, found.payload, inline);
  });
}

/** What an old client sends must still be accepted. */
function ofRequest(where: string, sent: Schema, accepted: Schema, resolvers: Resolvers): string[] {
  const [old, next] = [resolvers.before.resolve(sent), resolvers.after.resolve(accepted)];
  return [
    ...narrowed(where, old, next),
    ...(next.required ?? [])
      .filter((name) => !old.required?.includes(name))
      .map((name) => `${where}: ${name} is required now`),
    ...Object.entries(old.properties ?? {}).flatMap(([name, schema]) => {
      const found = next.properties?.[name];
      const place = `${where}: ${name}`;
      if (found) return ofRequest(place, schema, found, resolvers);
      return next.additionalProperties === false ? [`${place} is refused now`] : [];
    }),
    ...ofItems(where, old, next, (...items) => ofRequest(...items, resolvers)),
  ];
}

/** What an old reader relies on must still be there, and have no value that it does not know. */
function ofAnswer(where: string, promised: Schema, given: Schema, resolvers: Resolvers): string[] {
  const [old, next] = [resolvers.before.resolve(promised), resolvers.after.resolve(given)];
  return [
    ...narrowed(where, next, old).map((change) => change.replace(/ now$/, ' no longer')),
    ...Object.entries(old.properties ?? {}).flatMap(([name, schema]) => {
      const found = next.properties?.[name];
      const place = `${where}: ${name}`;
      if (!found) return [`${place} is gone`];
      const isOptional = old.required?.includes(name) && !next.required?.includes(name);
      return [
        ...(isOptional ? [`${place} is optional now`] : []),
        ...ofAnswer(place, schema, found, resolvers),
      ];
    }),
    ...ofItems(where, old, next, (...items) => ofAnswer(...items, resolvers)),
  ];
}

const ofItems = (
  where: string,
  old: Schema,
  next: Schema,
  compare: (where: string, old: Schema, next: Schema) => string[],
): string[] => (old.items && next.items ? compare(`${where}[]`, old.items, next.items) : []);

/** The limits with which fewer values are valid than without them: those that must not be new or closer. */
function narrowed(where: string, from: Schema, to: Schema): string[] {
  const changes: string[] = [];
  const limit = (name: string, text: unknown) => changes.push(`${where}: ${name} is ${text} now`);
  const types = [to.type ?? []].flat();
  if (types.length > 0 && [from.type ?? 'anything'].flat().some((type) => !types.includes(type)))
    limit('type', types.join(' or '));
  if (to.format !== undefined && to.format !== from.format) limit('format', to.format);
  if (to.pattern !== undefined && to.pattern !== from.pattern) limit('pattern', to.pattern);
  const values = valuesOf(to);
  if (values && (valuesOf(from) ?? [undefined]).some((value) => !values.includes(value)))
    limit('value', `one of ${values.join(', ')}`);
  const ofType = { ...numbersOf(to, from) };
  for (const [name, value] of Object.entries(ofType)) limit(name, value);
  return changes;
}

/** The limits of numbers and lengths that are closer than before. */
function numbersOf(to: Schema, from: Schema): Record<string, number> {
  const lower = ['minimum', 'exclusiveMinimum', 'minLength'] as const;
  const upper = ['maximum', 'maxLength'] as const;
  return Object.fromEntries([
    ...lower.flatMap((name) =>
      (to[name] ?? -Infinity) > (from[name] ?? -Infinity) ? [[name, to[name]]] : [],
    ),
    ...upper.flatMap((name) =>
      (to[name] ?? Infinity) < (from[name] ?? Infinity) ? [[name, to[name]]] : [],
    ),
  ]);
}

const valuesOf = ({ enum: values, const: value }: Schema): readonly unknown[] | undefined =>
  value === undefined ? values : [value];

const schemaOf = (body: Operation['requestBody']): Schema | undefined =>
  Object.values(body?.content ?? {})[0]?.schema;

const asIs = (schema: Schema): Schema => schema;

/** Resolves `#/components/schemas/…`. */
const resolverOf =
  ({ components }: OpenApi) =>
  (schema: Schema): Schema =>
    schema.$ref === undefined
      ? schema
      : (components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});

import type { AsyncApiDocument, EventMessage, EventSchema } from '@equipmgnt/contracts';

/** A page, without scripts, that shows the events of an AsyncAPI document. */
export function eventsPage(document: AsyncApiDocument): string {
  const { info, channels, components } = document;
  const sections = Object.entries(channels).map(
    ([topic, { description, messages }]) => `
    <section>
      <h2><code>${escaped(topic)}</code></h2>
      <p>${escaped(description)}</p>
      ${Object.keys(messages)
        .map((name) => messageOf(name, components.messages[name]!))
        .join('')}
    </section>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${escaped(info.title)}</title>
    <style>
      body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
      table { border-collapse: collapse; width: 100% }
      th, td { border-bottom: 1px solid #8888; padding: .3rem .6rem; text-align: left; vertical-align: top }
      :root { color-scheme: light dark }
    </style>
  </head>
  <body>
    <h1>${escaped(info.title)}</h1>
    <p>${escaped(info.description)} The document: <a href="../asyncapi.json">asyncapi.json</a>.
      The HTTP API: <a href="./">reference</a>.</p>${sections.join('')}
  </body>
</html>
`;
}

function messageOf(name: string, { name: type, summary, payload, bindings }: EventMessage): string {
  return `
      <h3 id="${escaped(name)}">${escaped(name)}</h3>
      <p>${escaped(summary)} <code>ce_type: ${escaped(type)}</code>. Key: ${escaped(bindings.kafka.key.description)}</p>
      <table>
        <thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead>
        <tbody>${rowsOf(payload).join('')}</tbody>
      </table>`;
}

/** A row for each field, also for those of objects in it. */
const rowsOf = ({ properties = {}, required = [] }: EventSchema, prefix = ''): string[] =>
  Object.entries(properties).flatMap(([name, schema]) => [
    `<tr><td><code>${escaped(prefix + name)}</code></td><td>${escaped(typeOf(schema))}${
      required.includes(name) ? '' : ', optional'
    }</td><td>${escaped(schema.description ?? '')}</td></tr>`,
    ...rowsOf(schema, `${prefix}${name}.`),
  ]);

const typeOf = ({ type = '', format, enum: values, const: value }: EventSchema): string =>
  value ?? values?.join(' | ') ?? (format === undefined ? type : `${type} (${format})`);

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

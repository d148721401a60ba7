/** Text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[];

/** A template of HTML that escapes everything put into it except other such templates. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  const text = strings.map(
    (before, i) => before + (i < parts.length ? render(parts[i] ?? '') : ''),
  );
  return new Markup(text.join(''));
}

function render(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return String(part).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** JSON for a script element, which no text in it can end. */
export const scriptJson = (value: unknown): Markup =>
  new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));

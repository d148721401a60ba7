import { z } from 'zod';

/** A family emoji is one character of 7 code points; longer ones pile up marks without end. */
const CODE_POINTS_PER_CHARACTER = 10;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** They make a text look like another one: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing */
const DIRECTION = /[\u202A-\u202E\u2066-\u2069]/;
/** A letter, digit, punctuation mark or symbol that is not blank, as U+3164 and U+2800 are. */
const VISIBLE = /(?![\p{Default_Ignorable_Code_Point}\u2800])[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A line of text that people read, such as a name. The result is trimmed and in Unicode's NFC: macOS sends
 * Hangul in NFD, which looks the same but sorts and compares as another text.
 *
 * Refuses control characters and line breaks, overrides of the text direction, half surrogate pairs, and
 * text without a visible character. So PostgreSQL and MariaDB store every accepted text.
 * @param max the most characters as people count them (grapheme clusters); there may be ten times as many
 * code points
 */
export function text(max: number) {
  const expected = `expected one line of 1 to ${max} characters`;
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
  return z.string({ error: expected }).transform((value, context) => {
    const line = value.normalize('NFC').trim();
    const fault = faultOf(line) ?? tooLong(line, max, segmenter);
    if (fault === undefined) return line;
    context.addIssue({ code: 'custom', message: `${expected}; it has ${fault}` });
    return z.NEVER;
  });
}

function faultOf(line: string): string | undefined {
  if (!line.isWellFormed()) return 'half of a surrogate pair';
  if (CONTROL.test(line)) return 'a line break or another control character';
  if (DIRECTION.test(line)) return 'a character that overrides the text direction';
  return VISIBLE.test(line) ? undefined : 'no visible character';
}

function tooLong(line: string, max: number, segmenter: Intl.Segmenter): string | undefined {
  const codePoints = Array.from(line).length;
  if (codePoints > max * CODE_POINTS_PER_CHARACTER) return `${codePoints} code points`;
  const characters = [...segmenter.segment(line)].length;
  return characters > max ? `${characters} characters` : undefined;
}

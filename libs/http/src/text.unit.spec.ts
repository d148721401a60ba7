import { text } from './text.ts';

const EXPECTED = 'expected one line of 1 to 5 characters';
const FAMILY = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}';

const check = (value: unknown) => {
  const result = text(5).safeParse(value);
  return result.success ? result.data : { faults: result.error.issues.map((each) => each.message) };
};

describe('A text', () => {
  it('is in NFC and trimmed', () => {
    const name = '드릴';
    const sentByMacOs = name.normalize('NFD');
    expect(sentByMacOs).not.toBe(name);
    expect(check(` ${sentByMacOs}\n`)).toBe(name);
  });

  it.each([
    '12345',
    'a',
    '.',
    '전동드릴함',
    '전동드릴함'.normalize('NFD'),
    FAMILY.repeat(5),
    'e\u0301'.repeat(5),
  ])('may be %j', (value) => {
    expect(check(value)).toBe(value.normalize('NFC'));
  });

  it.each([
    ['123456', '6 characters'],
    [FAMILY.repeat(6), '6 characters'],
    [`a${'\u0316'.repeat(50)}`, '51 code points'],
    ['', 'no visible character'],
    [' \u00A0\u3000', 'no visible character'],
    ['\u200B', 'no visible character'],
    ['\u200D\uFE0F\u2060', 'no visible character'],
    ['\u3164', 'no visible character'],
    ['\u2800', 'no visible character'],
    ['\u0301', 'no visible character'],
    ['a\nb', 'a line break or another control character'],
    ['a\u0000b', 'a line break or another control character'],
    ['a\u0085b', 'a line break or another control character'],
    ['a\u2028b', 'a line break or another control character'],
    ['a\uD800', 'half of a surrogate pair'],
    ['\uDC00a', 'half of a surrogate pair'],
    ...['\u202A', '\u202E', '\u2066', '\u2069'].map((override) => [
      `a${override}b`,
      'a character that overrides the text direction',
    ]),
  ])('may not be %j', (value, fault) => {
    expect(check(value)).toEqual({ faults: [`${EXPECTED}; it has ${fault}`] });
  });

  it.each([5, null, undefined, [], {}])('may not be %j', (value) => {
    expect(check(value)).toEqual({ faults: [EXPECTED] });
  });
});

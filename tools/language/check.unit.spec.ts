import { findOldWords, isChecked } from './check.ts';

describe('The language check', () => {
  it('reports an old word with its line and its replacement', () => {
    const text = 'The order is stored.\nThen approval is told.\n';
    expect(findOldWords(text)).toEqual([
      { line: 2, found: 'told', instead: expect.stringContaining('publish') },
    ]);
  });

  it.each([
    'Kafka is away.',
    'kafka-away.e2e.spec.ts',
    '500 requests in hand',
    'Whoever asks gets an answer.',
    'isTransient, mayHaveWorked,',
    'underWay(suite)',
    'It replays the letter.',
    'It is refused AT ONCE.',
  ])('finds the old word in "%s"', (text) => {
    expect(findOldWords(text)).toHaveLength(1);
  });

  it.each([
    'The rest of the REST clients play no role in a multi-stage build.',
    'The path is relative to its parent; passwords have letters and digits.',
    'const AT_ONCE = 20; recommended; amendment; throwaway; whole; handed out; replays',
    'It takes the message away from the queue. A dead letter stays; the dead letters are listed.',
  ])('passes "%s"', (text) => {
    expect(findOldWords(text)).toEqual([]);
  });

  it('reads sources, documents and manifests, but neither itself nor the glossary', () => {
    const read = ['libs/http/src/hal.ts', 'README.md', 'k8s/base/order.yaml', 'Dockerfile'];
    const skipped = [
      'docs/glossary.md',
      'tools/language/denylist.ts',
      'package-lock.json',
      'a.png',
    ];
    expect([...read, ...skipped].filter(isChecked)).toEqual(read);
  });
});

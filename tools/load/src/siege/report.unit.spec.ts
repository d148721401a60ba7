import { countStatuses, parseSiege } from './report.ts';

const LINES = [
  '\u001b[0;34mHTTP/1.1 200     0.39 secs:      17 bytes ==> POST http://127.0.0.1:21001/approvals\u001b[0m',
  '\u001b[0;31mHTTP/1.1 503     0.00 secs:      81 bytes ==> POST http://127.0.0.1:21001/approvals\u001b[0m',
];
const FIGURES = [
  '** SIEGE 4.0.7',
  'The server is now under siege...',
  ...LINES,
  '',
  'Lifting the server siege...',
  'Transactions:\t\t           1 hits',
  'Availability:\t\t       50.00 %',
  'Elapsed time:\t\t        4.45 secs',
  'Data transferred:\t        0.02 MB',
  'Response time:\t\t        0.29 secs',
  'Successful transactions:           1',
  'Failed transactions:\t           1',
  'Longest transaction:\t        0.39',
  'Shortest transaction:\t        0.00',
  ' ',
];

describe("Siege's output", () => {
  it('is parsed into figures and answers', () => {
    expect(parseSiege(FIGURES.join('\n'))).toEqual({
      availability: 50,
      elapsedSeconds: 4.45,
      successful: 1,
      failed: 1,
      longestSeconds: 0.39,
      answers: [
        { status: 200, seconds: 0.39 },
        { status: 503, seconds: 0 },
      ],
    });
  });

  it('is rejected with its last lines if siege did not finish', () => {
    const cut = ['[error] socket: unable to connect', ...LINES].join('\n');
    expect(() => parseSiege(cut)).toThrow(/no "Availability".*last lines:\n.*unable to connect/s);
  });

  it('is rejected if a figure is missing', () => {
    const without = FIGURES.filter((line) => !line.startsWith('Failed transactions'));
    expect(() => parseSiege(without.join('\n'))).toThrow('no "Failed transactions"');
  });

  it('is counted by status', () => {
    expect(countStatuses([503, 200, 200])).toBe('200 × 2, 503 × 1');
    expect(countStatuses([])).toBe('none');
  });
});

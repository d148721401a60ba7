import { QueryFailedError } from 'typeorm';
import { Batcher, type BatcherOptions } from './batcher.ts';
import { NoConnection } from './errors.ts';

const failure = (code: string) =>
  new QueryFailedError('', [], Object.assign(new Error(code), { code }));

/** Statements that end when the test says so, with twice each item. */
function statements(options?: BatcherOptions) {
  const started: { items: readonly number[]; end: (error?: Error) => void }[] = [];
  const batcher = new Batcher<number, number>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    const end = (error?: Error) => (error ? reject(error) : resolve(items.map((it) => it * 2)));
    started.push({ items, end });
    return promise;
  }, options);
  const end = async (index: number, error?: Error) => {
    started[index]?.end(error);
    await new Promise(setImmediate);
  };
  return { batcher, end, batches: () => started.map(({ items }) => items) };
}

describe('Batcher', () => {
  it('starts a call immediately while few are running', () => {
    const { batcher, batches } = statements();
    void batcher.run(1);
    void batcher.run(2);
    expect(batches()).toEqual([[1], [2]]);
  });

  it('gathers the calls that come while statements are running', async () => {
    const { batcher, batches, end } = statements();
    const results = [1, 2, 3, 4, 5].map((item) => batcher.run(item));
    expect(batches()).toEqual([[1], [2]]);
    await end(0);
    expect(batches()).toEqual([[1], [2], [3, 4, 5]]);
    await end(1);
    await end(2);
    expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10]);
    void batcher.run(6);
    expect(batches().at(-1)).toEqual([6]);
  });

  it('runs one statement at a time if its concurrency is 1', async () => {
    const { batcher, batches, end } = statements({ concurrency: 1 });
    for (const item of [1, 2, 3]) void batcher.run(item);
    expect(batches()).toEqual([[1]]);
    await end(0);
    expect(batches()).toEqual([[1], [2, 3]]);
  });

  it('limits a batch', async () => {
    const { batcher, batches, end } = statements();
    for (let item = 0; item < 102; item += 1) void batcher.run(item);
    await end(0);
    await end(1);
    expect(batches().map(({ length }) => length)).toEqual([1, 1, 50, 50]);
  });

  it.each(['23514', '40P01', '54000', 'ER_NET_PACKET_TOO_LARGE'])(
    'repeats the items of a batch singly after error %s',
    async (code) => {
      const { batcher, batches, end } = statements();
      const results = Promise.allSettled([1, 2, 3, 4].map((item) => batcher.run(item)));
      await end(0);
      await end(1);
      await end(2, failure(code));
      expect(batches().at(-1)).toEqual([3]);
      await end(3, failure(code));
      expect(batches().at(-1)).toEqual([4]);
      await end(4);
      expect(await results).toMatchObject([
        { value: 2 },
        { value: 4 },
        { reason: { code } },
        { value: 8 },
      ]);
    },
  );

  it.each(['ECONNRESET', '57P01', '57014', '53300'])(
    'repeats nothing after error %s',
    async (code) => {
      const { batcher, batches, end } = statements();
      const results = Promise.allSettled([1, 2, 3, 4].map((item) => batcher.run(item)));
      await end(0);
      await end(1);
      await end(2, failure(code));
      expect((await results).slice(2)).toMatchObject([{ reason: { code } }, { reason: { code } }]);
      expect(batches()).toEqual([[1], [2], [3, 4]]);
    },
  );

  it('refuses a call whose turn does not come, and never runs it', async () => {
    const { batcher, batches, end } = statements({ waitMs: 1 });
    const started = [1, 2].map((item) => batcher.run(item));
    await expect(batcher.run(3)).rejects.toThrow(NoConnection);
    await end(0);
    await end(1);
    expect(await Promise.all(started)).toEqual([2, 4]);
    expect(batches()).toEqual([[1], [2]]);
  });

  it('refuses further calls immediately when too many wait', async () => {
    const { batcher, end } = statements();
    const results = Array.from({ length: 502 }, (_, item) => batcher.run(item));
    await expect(batcher.run(502)).rejects.toThrow(NoConnection);
    for (let index = 0; index < 12; index += 1) await end(index);
    expect(await Promise.all(results)).toHaveLength(502);
  });
});

import { LagSampler } from './lag.ts';

describe('The lag', () => {
  it('ends for each store when the store shows the order', async () => {
    const ordered = Date.now() - 1_000;
    let looks = 0;
    const arrived = (ids: readonly number[]) => {
      looks += 1;
      return Promise.resolve({ stock: [...ids], mis: looks > 1 ? [...ids] : [] });
    };
    const sampler = new LagSampler({ arrived });
    sampler.offer(JSON.stringify({ id: 7, orderedAt: new Date(ordered).toISOString() }));
    sampler.offer(JSON.stringify({ id: 8, orderedAt: new Date(ordered).toISOString() })); // too soon
    while (looks < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const { stock, mis } = await sampler.stop();
    expect([stock.samples, mis.samples]).toEqual([1, 1]);
    expect(stock.p50).toBeGreaterThanOrEqual(1_000);
    expect(mis.p50).toBeGreaterThanOrEqual(stock.p50);
  });
});

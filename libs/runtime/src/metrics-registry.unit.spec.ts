import { register } from 'prom-client';
import { MetricsRegistry } from './metrics-registry.ts';

describe('A metrics registry', () => {
  it('shares its metrics neither with another registry nor with the process', async () => {
    const [one, other] = [new MetricsRegistry(), new MetricsRegistry()];
    const [counter] = [one, other].map((metrics) =>
      metrics.counter({ name: 'things_total', help: 'Things' }),
    );
    counter?.inc(3);
    expect(await one.text()).toContain('\nthings_total 3\n');
    expect(await other.text()).toContain('\nthings_total 0\n');
    expect(register.getSingleMetric('things_total')).toBeUndefined();
  });

  it('reports the process only where that is asked for', async () => {
    const metrics = new MetricsRegistry();
    expect(await metrics.text()).not.toContain('process_cpu');
    metrics.collectProcessMetrics();
    expect(await metrics.text()).toContain('process_cpu_seconds_total');
  });
});

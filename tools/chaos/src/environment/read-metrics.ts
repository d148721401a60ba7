/** The samples of a process's `/actuator/prometheus`, summed over labels, by metric name. */
export async function readMetrics(url: string): Promise<ReadonlyMap<string, number>> {
  const signal = AbortSignal.timeout(2_000);
  const answer = await fetch(`${url}/actuator/prometheus`, { signal });
  if (!answer.ok) throw new Error(`${url}/actuator/prometheus answers ${answer.status}`);
  const sums = new Map<string, number>();
  for (const line of (await answer.text()).split('\n')) {
    const [, name, value] = /^([a-z_]\w*)(?:{.*})? (\S+)$/i.exec(line) ?? [];
    if (name && value) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

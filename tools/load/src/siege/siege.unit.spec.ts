import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLASSIC_BODY, SIEGE_TIMEOUT_SECONDS, siegeArguments } from './siege.ts';

const SIEGERC = join(import.meta.dirname, '../../../../k8s/load/siegerc');

describe('Siege', () => {
  it('runs with the classic command line', () => {
    const url = 'http://approval:8080/approvals';
    const line = siegeArguments({ users: 20, seconds: 20, url, body: CLASSIC_BODY })
      .map((argument) => (/[ "]/.test(argument) ? `'${argument}'` : argument))
      .join(' ');
    expect(`siege ${line}`).toBe(
      'siege -c20 -t20S -v --content-type application/json ' +
        `'http://approval:8080/approvals POST {"orderId":"1","equipmentId":"1"}'`,
    );
  });

  it('uses HTTP/1.1, because Envoy refuses 1.0, and prints a line for each answer', async () => {
    const settings = (await readFile(SIEGERC, 'utf8')).split('\n');
    expect(settings).toContain('protocol = HTTP/1.1');
    expect(settings).toContain('verbose = true');
    expect(settings).toContain('json_output = false');
    expect(settings).toContain(`timeout = ${SIEGE_TIMEOUT_SECONDS}`);
  });
});

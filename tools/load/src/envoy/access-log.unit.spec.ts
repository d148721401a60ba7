import { parseAccessLog, refusedByBreaker } from './access-log.ts';

const OURS =
  '[2026-11-22T20:34:03.553Z] "POST /approvals HTTP/1.1" 503 UO ' +
  'upstream_reset_before_response_started{overflow} - "-" 0 81 2 overloaded=true upstream=-';
const ISTIOS =
  '[2026-11-22T20:34:15.156Z] "POST /approvals HTTP/1.1" 200 - via_upstream - "-" 33 7 477 476 ' +
  '"-" "Siege/4.0.7" "bd160cf5" "approval:8080" "10.0.0.7:8080" ' +
  'outbound|8080||approval.istio-cb-ns.svc.cluster.local 10.0.0.9:1 10.1.0.2:8080 10.0.0.9:2 - default';

describe('A line of the access log', () => {
  it('shows a refusal', () => {
    const request = parseAccessLog(OURS);
    expect(request).toEqual({
      status: 503,
      flags: 'UO',
      bytes: 81,
      ms: 2,
      overloaded: true,
      upstream: undefined,
    });
    expect(request && refusedByBreaker(request)).toBe(true);
  });

  it("is parsed in Istio's default format", () => {
    const request = parseAccessLog(ISTIOS);
    expect(request).toEqual({
      status: 200,
      flags: '-',
      bytes: 7,
      ms: 477,
      overloaded: false,
      upstream: undefined,
    });
    expect(request && refusedByBreaker(request)).toBe(false);
  });

  it('shows the upstream of a request', () => {
    const line = OURS.replace('upstream=-', 'upstream=127.0.0.1:20123');
    expect(parseAccessLog(line)?.upstream).toBe('127.0.0.1:20123');
  });

  it('is distinguished from the other lines that Envoy prints', () => {
    expect(parseAccessLog('[2026-11-22 20:34:00.632][31924][warning][main] no limit')).toBe(
      undefined,
    );
  });
});

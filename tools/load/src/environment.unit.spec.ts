import { answersIn } from './environment.ts';

const METRICS = `
# TYPE http_server_requests_seconds histogram
http_server_requests_seconds_bucket{le="0.1",method="POST",uri="/approvals",status="200"} 7
http_server_requests_seconds_sum{method="POST",uri="/approvals",status="200"} 1.5
http_server_requests_seconds_count{method="POST",uri="/approvals",status="200"} 7
http_server_requests_seconds_count{method="POST",uri="/approvals",status="201"} 1
http_server_requests_seconds_count{method="POST",uri="/approvals",status="503"} 2
http_server_requests_seconds_count{method="GET",uri="/approvals",status="503"} 40
http_server_requests_seconds_count{method="GET",uri="/actuator/health",status="200"} 50
`;

describe('The answers of a replica, in its metrics', () => {
  it('are the POST /approvals, of which some failed', () => {
    expect(answersIn(METRICS)).toEqual({ answered: 10, failed: 2 });
    expect(answersIn('')).toEqual({ answered: 0, failed: 0 });
  });
});

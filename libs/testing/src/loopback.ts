// With NODE_USE_ENV_PROXY=1, Node sends each request to the proxy of HTTP_PROXY, also one to this machine.
// Only what NO_PROXY names is exempt. fetch reads it at each request, and child processes inherit it.
const given = process.env['no_proxy'] || process.env['NO_PROXY'];
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

process.env['NO_PROXY'] = [...(given ? [given] : []), ...LOOPBACK].join(',');
process.env['no_proxy'] = process.env['NO_PROXY'];

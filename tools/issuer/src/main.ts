import { createIssuer } from './issuer.ts';

// Everyone knows its passwords.
if (process.env['NODE_ENV'] === 'production') {
  console.error('The development issuer does not run with NODE_ENV=production.');
  process.exit(1);
}
const port = Number(process.env['ISSUER_PORT'] || 8085);
const gatewayPort = Number(process.env['GATEWAY_PORT'] || 8080);
const gateways = ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${gatewayPort}`);
const host = process.env['ISSUER_HOST'] || '127.0.0.1';
const url = process.env['ISSUER_URL'] || `http://127.0.0.1:${port}`;
const server = createIssuer(url, gateways).listen(port, host);
server.on('error', ({ message }) => {
  console.error(message);
  process.exit(1);
});
process.on('SIGTERM', () => process.exit(0));

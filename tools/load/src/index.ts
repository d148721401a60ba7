export { breaker } from './demonstrations/breaker.ts';
export { envoyProgram } from './envoy/install.ts';
export { PLENTY } from './suite-client.ts';
export { siegeProgram } from './siege/install.ts';
export { Environment } from './environment.ts';
export type { Check } from './result.ts';

export { breaker } from './demonstrations.ts';
export { envoyProgram } from './envoy/install.ts';
export { LocalEnvironment } from './local/environment.ts';
export { PLENTY } from './suite-client.ts';
export { siegeProgram } from './siege/install.ts';
export type { Check } from './result.ts';

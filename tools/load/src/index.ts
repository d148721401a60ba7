export { breaker } from './demonstrations/breaker.ts';
export { envoyProgram } from './envoy/install.ts';
export { PLENTY } from './shop.ts';
export { siegeProgram } from './siege/install.ts';
export { Stage } from './stage.ts';
export type { Check } from './verdict.ts';

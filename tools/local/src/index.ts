export { control } from './session/control.ts';
export type { SuiteStatus } from './session/control.ts';
export { downloadedOnce } from './downloads/archives.ts';
export {
  checkJavaFor,
  createServers,
  removeData,
  startInfrastructure,
} from './infrastructure/infrastructure.ts';
export type { Infrastructure, InfrastructureOptions } from './infrastructure/infrastructure.ts';
export { dropProvisioned, provision } from './infrastructure/provision.ts';
export type { DatabaseUrls, ProvisionOptions } from './infrastructure/provision.ts';
export type { Server } from './infrastructure/server.ts';
export { LOCAL, REPOSITORY } from './layout.ts';
export { freePorts } from './ports/free-ports.ts';
export { ManagedProcess } from './processes/managed-process.ts';
export { CommandFailed, run } from './processes/run.ts';
export { underWay } from './rest.ts';
export type { UnderWay } from './rest.ts';
export type { ServiceProcess } from './service-process.ts';
export type { Connections, ServiceName } from './services.ts';
export { build } from './session/build.ts';
export { runSteps } from './session/steps.ts';
export { onStopRequest } from './session/stop-requests.ts';
export { messageOf, SetupError } from './setup-error.ts';
export { Suite } from './suite.ts';
export type { SuiteOptions } from './suite.ts';
export { waitUntil } from './wait-until.ts';

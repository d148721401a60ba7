import './loopback.ts';
export { Api } from './jest/api.ts';
export { measureBacklog } from './suite/backlog.ts';
export { build } from './suite/build.ts';
export { type Build, buildCommit, buildWorkingTree, previousVersion } from './suite/builds.ts';
export {
  ControlConnection,
  type ControlAnswer,
  type ControlRequest,
  type SuiteStatus,
  control,
  controlSocketIn,
} from './suite/control.ts';
export { checkJavaFor } from './servers/downloads/java.ts';
export { debianPackage } from './servers/downloads/debian.ts';
export { downloadedOnce } from './servers/downloads/archives.ts';
export { makeFakeServices, noConnections } from './suite/fake-services.ts';
export {
  type Infrastructure,
  type InfrastructurePorts,
  createServers,
  removeData,
  startInfrastructure,
} from './servers/infrastructure.ts';
export { prometheus, prometheusProgram } from './servers/prometheus.ts';
export { zipkin, zipkinEnvironment } from './servers/zipkin.ts';
export { askHealth } from './servers/ask-health.ts';
export { provision } from './servers/provision.ts';
export { Server } from './servers/server.ts';
export { LOCAL, NODE, REPOSITORY, WORKSPACE, foldersIn } from './layout.ts';
export { formatLine } from './suite/log-lines.ts';
export { type PortState, freePorts, stateOf } from './ports/free-ports.ts';
export { describeExit } from './processes/detached.ts';
export { commandLine } from './processes/inspect.ts';
export { ManagedProcess } from './processes/managed-process.ts';
export { isRunning, pidFileIn, stopOrphans } from './processes/pid-file.ts';
export { makePrivateFolder } from './processes/private-folder.ts';
export { CommandFailed, run } from './processes/run.ts';
export { Random } from './random.ts';
export {
  type RunningSuite,
  suiteOfCluster,
  suiteOfCompose,
  suiteOfNpmStart,
} from './suite/running-suite.ts';
export { ServiceProcess } from './suite/service-process.ts';
export { SERVICES, type ServiceName } from '@equipmgnt/contracts';
export type { Connections } from './suite/services.ts';
export { SetupError, messageOf } from './setup-error.ts';
export { type Step, runSteps } from './terminal/steps.ts';
export { onStopRequest } from './terminal/stop-requests.ts';
export { Suite, type SuiteOptions } from './suite/suite.ts';
export { waitUntil } from './wait-until.ts';

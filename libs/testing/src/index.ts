export { underWay } from './backlog.ts';
export { build } from './build.ts';
export {
  type ControlAnswer,
  type ControlRequest,
  type SuiteStatus,
  control,
  controlSocketIn,
} from './control.ts';
export { downloadedOnce } from './downloads/archives.ts';
export { makeFakeServices, noConnections } from './fake-services.ts';
export {
  type Infrastructure,
  type InfrastructurePorts,
  checkJavaFor,
  createServers,
  removeData,
  startInfrastructure,
} from './infrastructure/infrastructure.ts';
export { provision } from './infrastructure/provision.ts';
export { Server } from './infrastructure/server.ts';
export { LOCAL, NODE, REPOSITORY, WORKSPACE, foldersIn } from './layout.ts';
export { formatLine } from './log-lines.ts';
export { type PortState, freePorts, stateOf } from './ports/free-ports.ts';
export { describeExit } from './processes/detached.ts';
export { commandLine } from './processes/inspect.ts';
export { ManagedProcess } from './processes/managed-process.ts';
export { isRunning, stopLeftovers } from './processes/pid-file.ts';
export { makePrivateFolder } from './processes/private-folder.ts';
export { CommandFailed, run } from './processes/run.ts';
export { Random } from './random.ts';
export { type TopicRecord, readTopic } from './read-topic.ts';
export {
  type RunningSuite,
  suiteOfCluster,
  suiteOfCompose,
  suiteOfNpmStart,
} from './running-suite.ts';
export { ServiceProcess } from './service-process.ts';
export { type Connections, SERVICES, type ServiceName } from './services.ts';
export { SetupError, messageOf } from './setup-error.ts';
export { type Step, runSteps } from './steps.ts';
export { onStopRequest } from './stop-requests.ts';
export { Suite, type SuiteOptions } from './suite.ts';
export { waitUntil } from './wait-until.ts';

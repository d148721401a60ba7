export { Environment } from './environment/environment.ts';
export { clockAnHourOff, disturb, replay } from './layers/delivery.ts';
export { commitLate, failEach, hangApproval } from './layers/dependencies.ts';
export { killAtRandom } from './layers/process-chaos.ts';
export { runExperiment } from './layers/experiment.ts';
export { mutants } from './mutants/mutants.ts';
export { scratchCopy } from './mutants/scratch-copy.ts';
export { proved, reportText } from './report/write-report.ts';

export { type Environment, openEnvironment } from './environment/environment.ts';
export { clockAnHourOff, disturb, replay } from './layers/delivery.ts';
export { commitLate, failEach, hangApproval } from './layers/dependencies.ts';
export { killAtRandom } from './layers/kill-at-random.ts';
export { runExperiment } from './layers/experiment.ts';
export { mutants } from './mutants/mutants.ts';
export { ScratchCopy } from './mutants/scratch-copy.ts';
export { proved } from './report/report.ts';
export { reportText } from './report/report-text.ts';

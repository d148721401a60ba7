export { Stage } from './environment/environment.ts';
export { clockAnHourOff, disturb, replay } from './layers/delivery.ts';
export { commitLate, failEach, hangApproval } from './layers/dependencies.ts';
export { killAtRandom } from './layers/process-chaos.ts';
export { runTrial } from './layers/trial.ts';
export { plantedBugs } from './mutants/mutants.ts';
export { scratchBuild } from './mutants/scratch-build.ts';
export { proved, reportText } from './report/index.ts';

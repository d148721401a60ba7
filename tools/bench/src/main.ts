import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildCommit, buildWorkingTree, LOCAL, messageOf, SetupError } from '@equipmgnt/testing';
import { Command, InvalidArgumentError } from 'commander';
import { measureLeg, type LegResult } from './measure.ts';
import { DEFAULTS, QUICK, type BenchOptions } from './options.ts';
import { plot, reportText, type Report } from './report.ts';

const ROUNDS = 2;

interface Given extends Partial<Omit<BenchOptions, 'breakerOpen'>> {
  readonly breakerOpen?: boolean;
  readonly quick?: boolean;
  readonly compare?: string;
  readonly rounds: number;
}

const program = new Command('npm run bench --')
  .description('Measures the suite under load, until all services have converged.')
  .option('--clients <list>', 'concurrent clients of the closed loops: 8,16,32,64', numbers)
  .option('--seconds <n>', 'how long each load lasts', wholeNumber(1, 3_600))
  .option('--stored <n>', 'orders stored beforehand', wholeNumber(0, 10_000_000))
  .option('--equipments <n>', 'equipment that is ordered; 1 is a hot row', wholeNumber(1, 10_000))
  .option('--replicas <n>', 'processes of each service', wholeNumber(1, 8))
  .option('--breaker-open', 'approval does not answer over HTTP')
  .option('--ceiling-orders <n>', "orders of PostgreSQL's ceiling; 0: none", wholeNumber(0, 1e6))
  .option('--compare <commit>', 'run another version and this one alternately')
  .option('--rounds <n>', 'rounds of a comparison', wholeNumber(1, 20), ROUNDS)
  .option('--quick', 'a small run that only shows that everything converges')
  .showHelpAfterError();

try {
  if (process.platform !== 'linux')
    throw new SetupError('The benchmark reads /proc, so needs Linux.');
  await main(program.parse().opts<Given>());
} catch (error) {
  console.error(error instanceof SetupError ? messageOf(error) : error);
  process.exitCode = 1;
}
process.exit();

async function main({ quick, compare, rounds, ...given }: Given): Promise<void> {
  const options: BenchOptions = { ...(quick ? QUICK : DEFAULTS), ...given };
  const say = (text: string) => console.log(text);
  const here = await buildWorkingTree(new AbortController().signal);
  const builds = compare === undefined ? [here] : [await buildCommit(compare, say), here];
  const startedAt = new Date().toISOString();
  const legs: LegResult[] = [];
  for (let round = 0; round < (compare === undefined ? 1 : rounds); round += 1) {
    for (const build of builds) {
      say(`\n${build.name}:`);
      legs.push(await measureLeg({ build, options }, say));
    }
  }
  const report: Report = { startedAt, options, legs };
  console.log(reportText(report));
  console.log(`\n${(await write(report)).join('\n')}`);
}

async function write(report: Report): Promise<string[]> {
  const name = join(LOCAL, 'bench', report.startedAt.replaceAll(/[:.]/g, '-'));
  await mkdir(join(LOCAL, 'bench'), { recursive: true });
  const files = {
    [`${name}.json`]: JSON.stringify(report, null, 2),
    [`${name}.svg`]: plot(report),
  };
  for (const [file, text] of Object.entries(files)) await writeFile(file, text);
  return Object.keys(files);
}

function numbers(text: string): number[] {
  return text.split(',').map(wholeNumber(1, 10_000));
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
  };
}

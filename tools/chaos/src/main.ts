import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { layers, type Layer, type Size } from './layers/layers.ts';
import { withoutOrders, type LayerResult } from './run-record.ts';
import { proved } from './report/report.ts';
import { reportText } from './report/report-text.ts';
import { writeReport } from './report/write-report.ts';

const names = layers.map(({ name }) => name);
const list = layers.map(({ name, does }) => `  ${name.padEnd(13)} ${does}`).join('\n');

const program = new Command('npm run prove --')
  .description(
    'Breaks the running suite on purpose while orders come in, then checks every order and every unit of stock.',
  )
  .option('--orders <count>', 'orders over all layers', wholeNumber(1, 10_000_000), 20_000)
  .option('--kills <count>', 'processes killed with SIGKILL', wholeNumber(1, 100_000), 50)
  .option('--failures <count>', 'failures of each dependency', wholeNumber(1, 1_000), 3)
  .option('--seed <number>', 'chooses what is broken and when', wholeNumber(0, 2 ** 31), anySeed())
  .addOption(new Option('--only <layer...>', 'some layers only').choices(names))
  .option('--report <folder>', 'where the report goes', join(root(), 'reports', 'prove'))
  .addHelpText('after', `\nLayers:\n${list}`)
  .showHelpAfterError();

type Options = Size & { readonly only?: readonly string[]; readonly report: string };

const { only = names, report: folder, ...size } = program.parse().opts<Options>();
const startedAt = new Date().toISOString();
const results: LayerResult[] = [];
for (const name of only) {
  for (const layer of layers) if (layer.name === name) results.push(await play(layer));
}

const { seed, orders, kills, failures } = size;
const chosen = only !== names && { only: only.join(' ') };
const report = {
  startedAt,
  seed,
  options: { orders, kills, failures, ...chosen },
  layers: results,
};
const { json, html } = await writeReport(resolve(folder), report);
console.log(`\n${json}\n${html}\n\n${reportText(report)}`);
process.exitCode = proved(report) ? 0 : 1;

async function play(layer: Layer): Promise<LayerResult> {
  const bar = new SingleBar({
    format: `${layer.name.padEnd(13)} {bar} {percentage} %  {duration_formatted}  {what}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    // in a log file, a line now and then instead of a bar
    noTTYOutput: true,
    notTTYSchedule: 15_000,
  });
  bar.start(1, 0, { what: layer.does });
  try {
    return await layer.run(size, (done, of, what) => {
      bar.setTotal(of);
      bar.update(done, { what });
    });
  } catch (error) {
    // a layer that cannot run proves nothing, but does not invalidate the others
    const { name } = layer;
    const differences = [`it broke off: ${(error as Error).stack}`];
    return { ...withoutOrders, name, seed: size.seed, seconds: 0, differences };
  } finally {
    bar.stop();
  }
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

function anySeed(): number {
  return Math.floor(Math.random() * 1e6);
}

function root(): string {
  return resolve(import.meta.dirname, '../../..');
}

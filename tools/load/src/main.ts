import { stripVTControlCharacters, styleText } from 'node:util';
import { messageOf, onStopRequest, SetupError } from '@equipmgnt/testing';
import { Command, InvalidArgumentError } from 'commander';
import { autoscale } from './cluster/autoscale.ts';
import { runInCluster } from './cluster/run.ts';
import {
  breaker,
  fallback,
  liveness,
  noBreaker,
  redeploy,
  type Demonstration,
} from './demonstrations.ts';
import { runLocally } from './local/run.ts';
import { describe, passed, type Check } from './result.ts';

interface Entry {
  readonly name: string;
  readonly shows: string;
  /** How long siege runs, in seconds. Kubernetes takes longer than the local simulation. */
  readonly seconds: { readonly local: number; readonly cluster: number };
  /** Undefined if the demonstration needs a cluster. */
  readonly local?: Demonstration;
  readonly cluster: Parameters<typeof runInCluster>[0];
}

const USERS = 20; // as in the classic command line
const MOST_USERS = 255; // siege's own limit, in k8s/load/siegerc

const anywhere = (run: Demonstration) => ({ local: run, cluster: run });

const DEMONSTRATIONS: readonly Entry[] = [
  {
    name: 'no-breaker',
    shows: 'approval is slow and has no breaker: every request waits and is served',
    seconds: { local: 20, cluster: 20 },
    ...anywhere(noBreaker),
  },
  {
    name: 'breaker',
    shows: "the mesh's breaker refuses some requests immediately; orders are still accepted",
    seconds: { local: 20, cluster: 20 },
    ...anywhere(breaker),
  },
  {
    name: 'autoscale',
    shows:
      'approval is scaled from 1 to at most 10 replicas under load, and back; in a cluster only',
    seconds: { local: 120, cluster: 120 },
    cluster: autoscale,
  },
  {
    name: 'redeploy',
    shows: 'with the readiness probe a rolling redeploy loses no request; without it, it does',
    seconds: { local: 60, cluster: 120 },
    ...anywhere(redeploy),
  },
  {
    name: 'liveness',
    shows: 'a hung replica of approval is restarted, the other one keeps serving',
    seconds: { local: 45, cluster: 180 },
    ...anywhere(liveness),
  },
  {
    name: 'fallback',
    shows: 'approval is down while orders arrive: all are accepted, and approved later',
    seconds: { local: 20, cluster: 60 },
    ...anywhere(fallback),
  },
];

interface Options {
  readonly seconds?: number;
  readonly users: number;
  readonly cluster?: string;
  readonly quiet?: boolean;
}

const stopping = new AbortController();
onStopRequest(
  () => stopping.abort(new Error('stopped; everything is restored')),
  () => process.exit(130),
);

const program = new Command('npm run')
  .description('Runs load demonstrations with siege and reports PASS or FAIL.')
  .showHelpAfterError();

for (const entry of DEMONSTRATIONS) {
  program
    .command(`load:${entry.name}`)
    .usage('-- [options]')
    .description(entry.shows)
    .option('-s, --seconds <n>', 'how long siege runs', wholeNumber(1, 3_600))
    .option('-u, --users <n>', 'concurrent users', wholeNumber(1, MOST_USERS), USERS)
    .option('--cluster <context>', 'run in the cluster of this kubectl context')
    .option('-q, --quiet', "leave out siege's line for each request")
    .action(async (options: Options) => {
      const checks = await runDemonstration(entry, options);
      console.log(`\n${styleText('bold', `Result of ${entry.name}: ${entry.shows}`)}`);
      console.log(describe(checks));
      process.exitCode = passed(checks) ? 0 : 1;
    });
}

function runDemonstration(
  entry: Entry,
  { seconds, users, cluster: context, quiet }: Options,
): Promise<Check[]> {
  const load = { users, seconds: seconds ?? entry.seconds[context ? 'cluster' : 'local'] };
  const reporting = {
    say: (text: string) => console.log(styleText('bold', `▶ ${text}`)),
    onSiegeLine: (line: string) => {
      if (quiet && line.includes('==>')) return;
      console.log(process.stdout.isTTY ? line : stripVTControlCharacters(line));
    },
    signal: stopping.signal,
  };
  if (context !== undefined) return runInCluster(entry.cluster, context, load, reporting);
  if (entry.local !== undefined) return runLocally(entry.local, load, reporting);
  throw new SetupError(
    `${entry.name} needs a cluster: an autoscaler, metrics-server, and nodes to scale to. ` +
      `Nothing was run.\nWith a kubectl context of one: npm run load:${entry.name} -- --cluster ` +
      '<context>\ndocs/operations.md explains it.',
  );
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
  };
}

try {
  await program.parseAsync();
} catch (error) {
  const text = error instanceof SetupError || stopping.signal.aborted;
  console.error(
    `\n${styleText('red', 'No result.')} ${text ? messageOf(error) : (error as Error).stack}`,
  );
  process.exitCode = stopping.signal.aborted ? 130 : 2;
}
process.exit();

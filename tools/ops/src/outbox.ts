import { Command } from 'commander';
import { listParked, release, type ParkedEvent } from './parked-events.ts';

const program = new Command('npm run outbox --')
  .description(
    'Lists and releases events that the relay of a service could not publish. DATABASE_URL is the address of the database of that service, as in its own configuration.',
  )
  .showHelpAfterError();

program
  .command('list')
  .description('list the parked events and those that wait behind them, oldest first')
  .option('--json', 'one JSON object per line, including the data')
  .action(async ({ json }: { json?: boolean }) => {
    const events = await listParked(databaseUrl());
    for (const each of events) console.log(json ? JSON.stringify(each) : toLine(each));
    const parked = events.filter(({ parkedAt }) => parkedAt !== null).length;
    if (!json) console.log(`${parked} parked, ${events.length - parked} waiting behind them`);
  });

program
  .command('release')
  .description('let the relay try again, after the cause is removed')
  .option('-i, --id <id...>', 'the ids of parked events')
  .option('--all', 'all parked events')
  .action(async ({ id, all }: { id?: string[]; all?: boolean }) => {
    if ((id === undefined) === !all) program.error('expected either --id or --all');
    const released = await release(databaseUrl(), id);
    const unknown = (id ?? []).filter((wanted) => !released.includes(wanted));
    for (const each of released) console.log(`released ${each}`);
    if (unknown.length > 0) program.error(`not parked: ${unknown.join(', ')}`);
    if (released.length === 0) console.log('nothing to release');
  });

function databaseUrl(): string {
  const url = process.env['DATABASE_URL'];
  return url || program.error('DATABASE_URL: expected postgres://user:password@host:port/database');
}

const toLine = ({ id, topic, type, key, reason }: ParkedEvent): string =>
  `${id}  ${type}  to ${topic}  key ${key}  ${reason ?? 'waits behind a parked event'}`;

try {
  await program.parseAsync();
} catch (error) {
  console.error(`The request to the database failed: ${(error as Error).message}`);
  process.exitCode = 1;
}

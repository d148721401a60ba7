import { isPublishingService, SERVICES, type PublishingService } from '@equipmgnt/contracts';
import { Argument, type Command } from 'commander';
import { connectPostgres } from './databases.ts';
import { listParked, release, type ParkedEvent } from './parked-events.ts';

const service = () => new Argument('<service>').choices(SERVICES.filter(isPublishingService));

/** Adds `outbox`: the events that the relay of a service could not publish. */
export function addOutboxCommands(program: Command): void {
  const commands = program
    .command('outbox')
    .description('events that a relay could not publish: list them, or let it try again');
  commands
    .command('list')
    .description('list the parked events and those that wait behind them, oldest first')
    .addArgument(service())
    .option('--json', 'one JSON object per line, including the data')
    .action(async (of: PublishingService, { json }: { json?: boolean }) => {
      const events = await withDatabase(of, listParked);
      for (const each of events) console.log(json ? JSON.stringify(each) : toLine(each));
      const parked = events.filter(({ parkedAt }) => parkedAt !== null).length;
      if (!json) console.log(`${parked} parked, ${events.length - parked} waiting behind them`);
    });
  commands
    .command('release')
    .description('let the relay try again, after the cause is removed')
    .addArgument(service())
    .option('-i, --id <id...>', 'the ids of parked events')
    .option('--all', 'all parked events')
    .action(async (of: PublishingService, { id, all }: { id?: string[]; all?: boolean }) => {
      if ((id === undefined) === !all) throw new Error('expected either --id or --all');
      const released = await withDatabase(of, (database) => release(database, id));
      const unknown = (id ?? []).filter((wanted) => !released.includes(wanted));
      for (const each of released) console.log(`released ${each}`);
      if (unknown.length > 0) throw new Error(`not parked: ${unknown.join(', ')}`);
      if (released.length === 0) console.log('nothing to release');
    });
}

async function withDatabase<Result>(
  of: PublishingService,
  task: (database: Awaited<ReturnType<typeof connectPostgres>>) => Promise<Result>,
): Promise<Result> {
  const database = await connectPostgres(of, process.env);
  try {
    return await task(database);
  } finally {
    await database.end();
  }
}

const toLine = ({ id, topic, type, key, reason }: ParkedEvent): string =>
  `${id}  ${type}  to ${topic}  key ${key}  ${reason ?? 'waits behind a parked event'}`;

import { setTimeout as delay } from 'node:timers/promises';
import { isPublishingService, SERVICES, type PublishingService } from '@equipmgnt/contracts';
import { Command, InvalidArgumentError, Argument } from 'commander';
import type { Admin, Kafka } from 'kafkajs';
import { check, type CheckResult } from './check.ts';
import { describe } from './compare.ts';
import { connect } from './connect.ts';
import { connectMis, connectPostgres, withDatabases, type Databases } from './databases.ts';
import { addDeadLetterCommands } from './dead-letter-commands.ts';
import { addOutboxCommands } from './outbox-commands.ts';
import { kafkaAcls } from './kafka-acls.ts';
import { emptyView } from './rebuild-view.ts';
import { orderReport, printReport } from './order-report.ts';
import { recover } from './recover.ts';
import { repair } from './repair.ts';
import { concernsOf, readStatus, tableOf } from './status.ts';
import { readTraces, treesOf } from './traces.ts';

/** Exit codes: 0 all services agree, or the task is done; 1 they do not agree; 2 no result. */
const DIFFERENT = 1;
const NO_RESULT = 2;
/** Between two outputs of `status --watch`. */
const WATCH_MS = 2_000;
/** Differences that the text output shows. */
const SHOWN = 20;

const program = new Command('npm run ops --')
  .description(
    'Compares the services of a running suite, and repairs them. By default those of npm start. Others are set by ORDER_DATABASE_URL, APPROVAL_DATABASE_URL, EQUIPMENT_DATABASE_URL, MIS_DATABASE_URL and KAFKA_BROKERS.',
  )
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NO_RESULT));

program
  .command('check')
  .description('compare all services, while they run; exit code 1 when they differ')
  .option('--repair', 'publish the events again that a service has not handled, and correct totals')
  .option('--wait <seconds>', 'how long events may be in flight', seconds, 60)
  .option('--json', 'one JSON object')
  .action(async (options: { repair?: boolean; wait: number; json?: boolean }) => {
    const result = await withSuite(async (databases, admin) => {
      const found = await check(databases, admin, options.wait * 1_000);
      if (!options.repair || found.differences.length === 0) return { ...found, found: [] };
      const { published, skipped } = await repair(databases, found.differences);
      const after = await check(databases, admin, options.wait * 1_000);
      return { ...after, found: found.differences, published, skipped };
    });
    if (options.json) console.log(JSON.stringify(result));
    else print(result);
    if (result.differences.length > 0) process.exitCode = DIFFERENT;
  });

program
  .command('order')
  .description(
    'where an order is in all services, what it waits for, and its traces; exit code 1 if it waits',
  )
  .argument('<id>', 'its id', orderId)
  .option('--json', 'one JSON object')
  .action(async (id: number, { json }: { json?: boolean }) => {
    const report = await withDatabases(process.env, (databases) =>
      orderReport(databases, connect(process.env), id),
    );
    if (report === undefined) throw new Error(`no service has order ${id}`);
    const spans = await readTraces(id, process.env);
    if (json) console.log(JSON.stringify({ ...report, traces: spans ?? [] }));
    else {
      printReport(report);
      for (const line of treesOf(spans ?? [])) console.log(line);
    }
    if (report.waitsFor.length > 0) process.exitCode = DIFFERENT;
  });

program
  .command('status')
  .description(
    'health, breaker, outboxes, lag and dead letters; exit code 1 if something needs attention',
  )
  .option('--watch', 'again and again, until Ctrl-C')
  .option('--json', 'one JSON object')
  .action(async ({ watch, json }: { watch?: boolean; json?: boolean }) => {
    const kafka = connect(process.env);
    await withSuite(async (databases, admin) => {
      do {
        const status = await readStatus(databases, kafka, admin, process.env);
        if (watch && process.stdout.isTTY) console.clear();
        console.log(json ? JSON.stringify(status) : tableOf(status));
        process.exitCode = concernsOf(status).length > 0 ? DIFFERENT : 0;
        if (watch) await delay(WATCH_MS);
      } while (watch);
    });
  });

program
  .command('recover')
  .description('after the restore of a backup: write the rows again that the topic still has')
  .addArgument(new Argument('<service>').choices(SERVICES.filter(isPublishingService)))
  .option('--json', 'one JSON object')
  .action(async (service: PublishingService, { json }: { json?: boolean }) => {
    const database = await connectPostgres(service, process.env);
    try {
      const result = await recover(service, database, connect(process.env));
      if (json) return console.log(JSON.stringify(result));
      console.log(`${result.events} events on the topic of ${service}`);
      for (const { what, rows } of result.steps) console.log(`${rows} ${what}`);
    } finally {
      await database.end();
    }
  });

program
  .command('rebuild-view')
  .description(
    'empty the view of mis, so that mis builds it again when it starts; mis must be stopped',
  )
  .action(async () => {
    await withAdmin(connect(process.env), async (admin) => {
      const mis = await connectMis(process.env);
      try {
        await emptyView(admin, mis);
      } finally {
        await mis.end();
      }
    });
    console.log('The view is empty. Start mis: it reads all topics from their beginning.');
  });

program
  .command('grant-kafka')
  .description(
    'give the Kafka users order, approval, equipment, mis and ops the rights that they need, as a user who may',
  )
  .option('--json', 'print the rights as JSON, and give none')
  .action(async ({ json }: { json?: boolean }) => {
    const acl = kafkaAcls();
    if (json) return console.log(JSON.stringify(acl));
    await withAdmin(connect(process.env), (admin) => admin.createAcls({ acl }));
    console.log(`${acl.length} rights given`);
  });

addDeadLetterCommands(program);
addOutboxCommands(program);

function withSuite<Result>(
  task: (databases: Databases, admin: Admin) => Promise<Result>,
): Promise<Result> {
  return withDatabases(process.env, (databases) =>
    withAdmin(connect(process.env), (admin) => task(databases, admin)),
  );
}

async function withAdmin<Result>(
  kafka: Kafka,
  task: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await task(admin);
  } finally {
    await admin.disconnect();
  }
}

function print(
  result: CheckResult & {
    found: CheckResult['differences'];
    published?: number;
    skipped?: readonly number[];
  },
): void {
  const { differences, found, published, skipped } = result;
  if (published !== undefined) {
    list(found);
    console.log(`published ${published} events again`);
    if (skipped?.length) {
      const ids = skipped.slice(0, SHOWN).join(', ');
      console.log(`skipped until the lost facts are recovered: orders ${ids}`);
    }
  }
  list(differences);
  console.log(`${result.orders} orders, ${result.equipments} pieces of equipment compared`);
  console.log(differences.length === 0 ? 'no differences' : `${differences.length} differences`);
  if (differences.some(({ kind }) => kind === 'unhandled' || kind === 'total'))
    console.log('To publish events and write totals again: npm run ops -- check --repair');
  const owners = differences.flatMap((each) => (each.kind === 'lost' ? [each.owner] : []));
  for (const owner of new Set(owners))
    console.log(`To write lost rows again: npm run ops -- recover ${owner}`);
}

function list(differences: CheckResult['differences']): void {
  for (const each of differences.slice(0, SHOWN)) console.log(describe(each));
  const more = differences.length - SHOWN;
  if (more > 0) console.log(`and ${more} more (--json shows all)`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && value <= 3_600) return value;
  throw new InvalidArgumentError('Expected a whole number of seconds from 1 to 3600.');
}

function orderId(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Expected the id of an order, a whole number.');
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`No result: ${(error as Error).message}`);
  process.exitCode = NO_RESULT;
}

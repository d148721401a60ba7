import { Command, InvalidArgumentError } from 'commander';
import type { Kafka } from 'kafkajs';
import { brokersIn, connect } from './connect.ts';
import { deadLetterTopics, readDeadLetters, replay, type DeadLetter } from './dead-letter-topic.ts';

const brokers = brokersIn(process.env);

const program = new Command('npm run dead-letters --')
  .description(
    `Lists and replays messages that no consumer could handle. The brokers are set by KAFKA_BROKERS (now ${brokers}), the connection by KAFKA_TLS, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.`,
  )
  .showHelpAfterError();

program
  .command('list')
  .description('list the dead letters that were not replayed, oldest first')
  .option('-t, --topic <topic>', 'only the dead letters of this topic, e.g. equipmgnt.order.dlt')
  .option('-a, --all', 'also dead letters that were replayed')
  .option('--json', 'one JSON object per line, including the message')
  .action(async ({ topic, all, json }: { topic?: string; all?: boolean; json?: boolean }) => {
    const deadLetters = (await deadLettersOf(topic)).filter(({ replayed }) => all || !replayed);
    for (const each of deadLetters) console.log(json ? toJson(each) : toLine(each));
    const { length } = deadLetters;
    if (!json) console.log(length === 1 ? '1 dead letter' : `${length} dead letters`);
  });

program
  .command('replay')
  .description('publish dead letters again on their original topics')
  .requiredOption('-t, --topic <topic>', 'the dead-letter topic, e.g. equipmgnt.order.dlt')
  .option('-o, --offset <offset...>', 'the offsets of the dead letters in that topic', parseOffset)
  .option('--waiting', 'all dead letters of the topic that were not replayed yet')
  .action(async (options: { topic: string; offset?: string[]; waiting?: boolean }) => {
    const { topic, offset = [], waiting } = options;
    if ((offset.length === 0) === !waiting) program.error('expected either --offset or --waiting');
    const deadLetters = await deadLettersOf(topic);
    const unknown = offset.filter((wanted) => !deadLetters.some((each) => each.offset === wanted));
    if (unknown.length > 0)
      program.error(`${topic} has no dead letter at offset ${unknown.join(', ')}`);
    const chosen = deadLetters.filter((each) =>
      waiting ? !each.replayed : offset.includes(each.offset),
    );
    await replay(connected(), chosen);
    for (const each of chosen) console.log(`replayed ${toLine(each)}`);
    if (chosen.length === 0) console.log('nothing to replay');
  });

function connected(): Kafka {
  try {
    return connect(process.env);
  } catch (error) {
    return program.error((error as Error).message);
  }
}

async function deadLettersOf(topic: string | undefined): Promise<DeadLetter[]> {
  const kafka = connected();
  const topics = await deadLetterTopics(kafka);
  if (topic !== undefined && !topics.includes(topic)) {
    program.error(
      `unknown topic ${topic}; the dead-letter topics are: ${topics.join(', ') || 'none'}`,
    );
  }
  const deadLetters: DeadLetter[] = [];
  for (const each of topic === undefined ? topics : [topic]) {
    deadLetters.push(...(await readDeadLetters(kafka, each)));
  }
  return deadLetters;
}

function parseOffset(value: string, previous: string[] = []): string[] {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('expected an offset such as 12');
  return [...previous, value];
}

const toLine = ({
  topic,
  offset,
  origin,
  consumerGroup,
  code,
  reason,
  replayed,
  message,
}: DeadLetter) =>
  `${topic}@${offset}  from ${origin.topic}[${origin.partition}]@${origin.offset}` +
  `  key ${message.key?.toString() ?? '-'}  rejected by ${consumerGroup}  ${code}: ${reason}` +
  (replayed ? '  (replayed)' : '');

const toJson = ({ message, headers, ...rest }: DeadLetter): string =>
  JSON.stringify({
    ...rest,
    key: message.key?.toString(),
    value: message.value?.toString(),
    headers,
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`The request to ${brokers} failed: ${(error as Error).message}`);
  process.exitCode = 1;
}

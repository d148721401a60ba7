import { Command, InvalidArgumentError } from 'commander';
import type { Kafka } from 'kafkajs';
import { brokersIn, connect } from './connect.ts';
import { deadLetterTopics, readLetters, replay, type DeadLetter } from './dead-letter-topic.ts';

const brokers = brokersIn(process.env);

const program = new Command('npm run dead-letters --')
  .description(
    `Lists and replays messages that could not be handled. Brokers come from KAFKA_BROKERS (now ${brokers}), how to reach them from KAFKA_TLS, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.`,
  )
  .showHelpAfterError();

program
  .command('list')
  .description('show the letters that wait, oldest first')
  .option('-t, --topic <topic>', 'only those of this topic, e.g. equipmgnt.order.dlt')
  .option('-a, --all', 'also those that were replayed')
  .option('--json', 'one JSON object a line, with the message itself')
  .action(async ({ topic, all, json }: { topic?: string; all?: boolean; json?: boolean }) => {
    const letters = (await lettersOf(topic)).filter(({ replayed }) => all || !replayed);
    for (const letter of letters) console.log(json ? toJson(letter) : toLine(letter));
    if (!json) console.log(letters.length === 1 ? '1 letter' : `${letters.length} letters`);
  });

program
  .command('replay')
  .description('publish letters once more on the topics that they come from')
  .requiredOption('-t, --topic <topic>', 'the dead-letter topic, e.g. equipmgnt.order.dlt')
  .option('-o, --offset <offset...>', 'the letters, by their offsets in that topic', parseOffset)
  .option('--waiting', 'all of its letters that were not replayed yet')
  .action(async (options: { topic: string; offset?: string[]; waiting?: boolean }) => {
    const { topic, offset = [], waiting } = options;
    if ((offset.length === 0) === !waiting) program.error('say either --offset or --waiting');
    const letters = await lettersOf(topic);
    const unknown = offset.filter((wanted) => !letters.some((letter) => letter.offset === wanted));
    if (unknown.length > 0) program.error(`${topic} has no letter at offset ${unknown.join(', ')}`);
    const chosen = letters.filter((letter) =>
      waiting ? !letter.replayed : offset.includes(letter.offset),
    );
    await replay(connected(), chosen);
    for (const letter of chosen) console.log(`replayed ${toLine(letter)}`);
    if (chosen.length === 0) console.log('nothing to replay');
  });

function connected(): Kafka {
  try {
    return connect(process.env);
  } catch (error) {
    return program.error((error as Error).message);
  }
}

async function lettersOf(topic: string | undefined): Promise<DeadLetter[]> {
  const kafka = connected();
  const topics = await deadLetterTopics(kafka);
  if (topic !== undefined && !topics.includes(topic)) {
    program.error(`there is no topic ${topic}; there are: ${topics.join(', ') || 'none'}`);
  }
  const letters: DeadLetter[] = [];
  for (const each of topic === undefined ? topics : [topic]) {
    letters.push(...(await readLetters(kafka, each)));
  }
  return letters;
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
  `  key ${message.key?.toString() ?? '-'}  refused by ${consumerGroup}  ${code}: ${reason}` +
  (replayed ? '  (replayed)' : '');

const toJson = ({ message, headers, ...letter }: DeadLetter): string =>
  JSON.stringify({
    ...letter,
    key: message.key?.toString(),
    value: message.value?.toString(),
    headers,
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`${brokers} did not answer as expected: ${(error as Error).message}`);
  process.exitCode = 1;
}

import { type Command, InvalidArgumentError } from 'commander';
import type { Kafka } from 'kafkajs';
import { connect } from './connect.ts';
import {
  deadLetterTopics,
  discard,
  readDeadLetters,
  replay,
  type DeadLetter,
} from './dead-letter-topic.ts';

interface Chosen {
  readonly topic: string;
  readonly offset?: string[];
  readonly waiting?: boolean;
}

/** Adds `dead-letters`: the messages that no consumer could handle. */
export function addDeadLetterCommands(program: Command): void {
  const commands = program
    .command('dead-letters')
    .description('messages that no consumer could handle: list, show, replay or discard them');
  commands
    .command('list')
    .description('list the dead letters that wait for an operator, oldest first')
    .option('-t, --topic <topic>', 'only those of this topic, e.g. equipmgnt.order.dlt')
    .option('-a, --all', 'also those that were replayed or discarded')
    .option('--json', 'one JSON object per line, including the message')
    .action(async ({ topic, all, json }: { topic?: string; all?: boolean; json?: boolean }) => {
      const found = await deadLettersOf(connect(process.env), topic);
      const shown = found.filter(({ state }) => all || state === 'waiting');
      for (const each of shown) console.log(json ? toJson(each) : toLine(each));
      if (!json) console.log(shown.length === 1 ? '1 dead letter' : `${shown.length} dead letters`);
    });
  commands
    .command('show')
    .description('print one dead letter with its headers and its message')
    .requiredOption('-t, --topic <topic>', 'the dead-letter topic')
    .requiredOption('-o, --offset <offset>', 'its offset in that topic', parseOffset)
    .option('--json', 'one JSON object')
    .action(
      async ({ topic, offset, json }: { topic: string; offset: string[]; json?: boolean }) => {
        const [found] = await choose(connect(process.env), { topic, offset });
        if (found === undefined) return;
        if (json) return console.log(toJson(found));
        console.log(toLine(found));
        for (const [name, value] of Object.entries(found.headers))
          console.log(`  ${name}: ${value}`);
        console.log(found.message.value?.toString() ?? '(no value)');
      },
    );
  changing(commands.command('replay'), replay, 'replayed').description(
    'publish dead letters again on their original topics; to repeat it has no effect',
  );
  changing(commands.command('discard'), discard, 'discarded').description(
    'mark dead letters as done, without publishing them again',
  );
}

/** A command that does something with chosen dead letters. @param done how its output names that */
const changing = (command: Command, change: typeof replay, done: string): Command =>
  command
    .requiredOption('-t, --topic <topic>', 'the dead-letter topic, e.g. equipmgnt.order.dlt')
    .option(
      '-o, --offset <offset...>',
      'the offsets of the dead letters in that topic',
      parseOffset,
    )
    .option('--waiting', 'all dead letters of the topic that wait for an operator')
    .action(async (options: Chosen) => {
      const kafka = connect(process.env);
      const chosen = await choose(kafka, options);
      await change(kafka, chosen);
      for (const each of chosen) console.log(`${done} ${toLine(each)}`);
      if (chosen.length === 0) console.log('nothing to do');
    });

async function choose(kafka: Kafka, { topic, offset = [], waiting }: Chosen) {
  if ((offset.length === 0) === !waiting) throw new Error('expected either --offset or --waiting');
  const deadLetters = await deadLettersOf(kafka, topic);
  const unknown = offset.filter((wanted) => !deadLetters.some((each) => each.offset === wanted));
  if (unknown.length > 0)
    throw new Error(`${topic} has no dead letter at offset ${unknown.join(', ')}`);
  return deadLetters.filter((each) =>
    waiting ? each.state === 'waiting' : offset.includes(each.offset),
  );
}

async function deadLettersOf(kafka: Kafka, topic: string | undefined): Promise<DeadLetter[]> {
  const topics = await deadLetterTopics(kafka);
  if (topic !== undefined && !topics.includes(topic)) {
    throw new Error(
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
  state,
  message,
}: DeadLetter) =>
  `${topic}@${offset}  from ${origin.topic}[${origin.partition}]@${origin.offset}` +
  `  key ${message.key?.toString() ?? '-'}  rejected by ${consumerGroup}  ${code}: ${reason}` +
  (state === 'waiting' ? '' : `  (${state})`);

const toJson = ({ message, headers, ...rest }: DeadLetter): string =>
  JSON.stringify({
    ...rest,
    key: message.key?.toString(),
    value: message.value?.toString(),
    headers,
  });

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readTopic } from '@equipmgnt/messaging/read-topic';
import { kafkaBrokers } from '@equipmgnt/testing/jest';
import { Kafka, logLevel, type Admin } from 'kafkajs';

const MAIN = join(import.meta.dirname, 'main.ts');

describe('npm run dead-letters', () => {
  const origin = `dead-letters-test-${randomUUID()}`;
  const topic = `${origin}.dlt`;
  let kafka: Kafka;
  let admin: Admin;

  /** Runs the command with the given arguments and returns its output. */
  const run = (line: string, brokers = kafkaBrokers()) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { ...process.env, KAFKA_BROKERS: brokers };
      execFile(process.execPath, [MAIN, ...line.split(' ')], { env }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });

  /** The message that a service writes to a dead-letter topic. */
  const deadLetter = (offset: number) => ({
    key: `key-${offset}`,
    value: `{"qty":${offset}}`,
    headers: {
      ce_id: `id-${offset}`,
      dlt_topic: origin,
      dlt_partition: '0',
      dlt_offset: String(offset),
      dlt_consumer_group: 'approval',
      dlt_code: 'BAD_DATA',
      dlt_reason: `qty ${offset} is not as expected`,
    },
  });

  const lineOf = (at: number, offset: number, more = '') =>
    `${topic}@${at}  from ${origin}[0]@${offset}  key key-${offset}  rejected by approval` +
    `  BAD_DATA: qty ${offset} is not as expected${more}\n`;

  beforeAll(async () => {
    kafka = new Kafka({ brokers: [kafkaBrokers()], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: origin }, { topic }], waitForLeaders: true });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [deadLetter(7), deadLetter(9)] });
    await producer.disconnect();
  });

  afterAll(async () => {
    await admin.deleteTopics({ topics: [origin, topic] });
    await admin.disconnect();
  });

  it('prints no warning about the timers of its Kafka client', async () => {
    const env: NodeJS.ProcessEnv = { ...process.env, KAFKA_BROKERS: kafkaBrokers() };
    delete env['NODE_OPTIONS'];
    const npm = ['run', '--silent', 'dead-letters', '--', 'list', '--topic', topic];
    const err = await new Promise<string>((resolve) => {
      execFile('npm', npm, { env }, (error, _, said) => resolve(error ? String(error) : said));
    });
    expect(err).toBe('');
  });

  it('lists dead letters, oldest first, and prints the messages with --json', async () => {
    const { code, out } = await run(`list --topic ${topic}`);
    expect(out).toBe(`${lineOf(0, 7)}${lineOf(1, 9)}2 dead letters\n`);
    expect(code).toBe(0);
    const lines = (await run(`list --topic ${topic} --json`)).out.trim().split('\n');
    const found = lines.map((line) => JSON.parse(line));
    expect(found).toMatchObject([
      { offset: '0', key: 'key-7', value: '{"qty":7}', code: 'BAD_DATA', replayed: false },
      { offset: '1', key: 'key-9', value: '{"qty":9}', code: 'BAD_DATA', replayed: false },
    ]);
    expect(found.map(({ headers }) => headers)).toEqual([
      deadLetter(7).headers,
      deadLetter(9).headers,
    ]);
  });

  it.each([
    ['no topic', 'replay', "required option '-t, --topic <topic>' not specified"],
    [
      'neither --offset nor --waiting',
      `replay --topic ${topic}`,
      'expected either --offset or --waiting',
    ],
    [
      'both --offset and --waiting',
      `replay --topic ${topic} --offset 1 --waiting`,
      'expected either --offset or --waiting',
    ],
    [
      'an offset without a dead letter',
      `replay --topic ${topic} --offset 5`,
      `${topic} has no dead letter at offset 5`,
    ],
    [
      'an offset that is not a number',
      `replay --topic ${topic} --offset one`,
      'expected an offset such as 12',
    ],
    [
      'an unknown topic',
      'list --topic nonsense',
      'unknown topic nonsense; the dead-letter topics are:',
    ],
  ])('rejects %s with the expected input', async (_, line, message) => {
    const { code, out, err } = await run(line);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(1);
  });

  it('names the broker that does not answer', async () => {
    const { code, err } = await run('list', '127.0.0.1:1');
    expect(err).toMatch(/^The request to 127\.0\.0\.1:1 failed: /);
    expect(code).toBe(1);
  });

  it('replays one dead letter, then the rest, each unchanged and once', async () => {
    expect((await run(`replay --topic ${topic} --offset 1`)).out).toBe(`replayed ${lineOf(1, 9)}`);
    expect((await run(`list --topic ${topic}`)).out).toBe(`${lineOf(0, 7)}1 dead letter\n`);
    const all = await run(`list --topic ${topic} --all`);
    expect(all.out).toBe(`${lineOf(0, 7)}${lineOf(1, 9, '  (replayed)')}2 dead letters\n`);
    const waiting = `replay --topic ${topic} --waiting`;
    expect((await run(waiting)).out).toBe(`replayed ${lineOf(0, 7)}`);
    expect((await run(waiting)).out).toBe('nothing to replay\n');
    const published = (await readTopic(kafka, origin)).map(({ message, headers }) => ({
      key: String(message.key),
      value: String(message.value),
      headers,
    }));
    expect(published).toEqual([
      { key: 'key-9', value: '{"qty":9}', headers: { ce_id: 'id-9' } },
      { key: 'key-7', value: '{"qty":7}', headers: { ce_id: 'id-7' } },
    ]);
  });
});

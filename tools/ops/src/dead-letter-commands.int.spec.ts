import { randomUUID } from 'node:crypto';
import { readTopic } from '@equipmgnt/messaging/read-topic';
import { kafkaBrokers, runOps } from '@equipmgnt/testing/jest';
import { Kafka, logLevel, type Admin } from 'kafkajs';

/** The commands need none. */
const NO_DATABASES = { order: '', approval: '', equipment: '', mis: '' };

describe('npm run ops -- dead-letters', () => {
  const origin = `dead-letters-test-${randomUUID()}`;
  const topic = `${origin}.dlt`;
  let kafka: Kafka;
  let admin: Admin;

  const run = (line: string, brokers = kafkaBrokers()) =>
    runOps({ databases: NO_DATABASES, kafkaBrokers: brokers }, `dead-letters ${line}`);

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

  it('lists dead letters, oldest first, and prints the messages with --json', async () => {
    const { code, out } = await run(`list --topic ${topic}`);
    expect(out).toBe(`${lineOf(0, 7)}${lineOf(1, 9)}2 dead letters\n`);
    expect(code).toBe(0);
    const lines = (await run(`list --topic ${topic} --json`)).out.trim().split('\n');
    const found = lines.map((line) => JSON.parse(line));
    expect(found).toMatchObject([
      { offset: '0', key: 'key-7', value: '{"qty":7}', code: 'BAD_DATA', state: 'waiting' },
      { offset: '1', key: 'key-9', value: '{"qty":9}', code: 'BAD_DATA', state: 'waiting' },
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
    expect(code).toBe(2);
  });

  it('names the broker that does not answer', async () => {
    const { code, err } = await run('list', '127.0.0.1:1');
    expect(err).toMatch(/^No result: .*127\.0\.0\.1:1/);
    expect(code).toBe(2);
  });

  it('replays one dead letter, then the rest, each unchanged and once', async () => {
    expect((await run(`replay --topic ${topic} --offset 1`)).out).toBe(`replayed ${lineOf(1, 9)}`);
    expect((await run(`list --topic ${topic}`)).out).toBe(`${lineOf(0, 7)}1 dead letter\n`);
    const all = await run(`list --topic ${topic} --all`);
    expect(all.out).toBe(`${lineOf(0, 7)}${lineOf(1, 9, '  (replayed)')}2 dead letters\n`);
    const waiting = `replay --topic ${topic} --waiting`;
    expect((await run(waiting)).out).toBe(`replayed ${lineOf(0, 7)}`);
    expect((await run(waiting)).out).toBe('nothing to do\n');
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

  it('shows one dead letter with its headers and its message', async () => {
    const { out } = await run(`show --topic ${topic} --offset 0`);
    expect(out).toContain(lineOf(0, 7, '  (replayed)'));
    expect(out).toContain('  dlt_consumer_group: approval\n');
    expect(out).toContain('\n{"qty":7}\n');
  });

  it('discards a dead letter, which is not published again', async () => {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [deadLetter(11)] });
    await producer.disconnect();
    const [{ offset }] = (await run(`list --topic ${topic} --json`)).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { out } = await run(`discard --topic ${topic} --offset ${offset}`);
    expect(out).toBe(`discarded ${lineOf(offset, 11)}`);
    expect((await run(`list --topic ${topic}`)).out).toBe('0 dead letters\n');
    expect((await run(`replay --topic ${topic} --waiting`)).out).toBe('nothing to do\n');
    expect(await readTopic(kafka, origin)).toHaveLength(2);
  });
});

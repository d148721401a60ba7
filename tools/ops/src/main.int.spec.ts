import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readTopic } from '@equipmgnt/testing';
import { kafkaBrokers } from '@equipmgnt/testing/jest';
import { Kafka, logLevel, type Admin } from 'kafkajs';

const MAIN = join(import.meta.dirname, 'main.ts');

describe('npm run dead-letters', () => {
  const origin = `dead-letters-test-${randomUUID()}`;
  const topic = `${origin}.dlt`;
  let kafka: Kafka;
  let admin: Admin;

  /** Types it, and reads what it prints. */
  const type = (line: string, brokers = kafkaBrokers()) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { ...process.env, KAFKA_BROKERS: brokers };
      execFile(process.execPath, [MAIN, ...line.split(' ')], { env }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });

  /** What a service writes of a message that it cannot handle. */
  const letter = (offset: number) => ({
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
    `${topic}@${at}  from ${origin}[0]@${offset}  key key-${offset}  refused by approval` +
    `  BAD_DATA: qty ${offset} is not as expected${more}\n`;

  beforeAll(async () => {
    kafka = new Kafka({ brokers: [kafkaBrokers()], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: origin }, { topic }], waitForLeaders: true });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [letter(7), letter(9)] });
    await producer.disconnect();
  });

  afterAll(async () => {
    await admin.deleteTopics({ topics: [origin, topic] });
    await admin.disconnect();
  });

  it('lists what waits, oldest first, and with --json the messages', async () => {
    const { code, out } = await type(`list --topic ${topic}`);
    expect(out).toBe(`${lineOf(0, 7)}${lineOf(1, 9)}2 letters\n`);
    expect(code).toBe(0);
    const lines = (await type(`list --topic ${topic} --json`)).out.trim().split('\n');
    const found = lines.map((line) => JSON.parse(line));
    expect(found).toMatchObject([
      { offset: '0', key: 'key-7', value: '{"qty":7}', code: 'BAD_DATA', replayed: false },
      { offset: '1', key: 'key-9', value: '{"qty":9}', code: 'BAD_DATA', replayed: false },
    ]);
    expect(found.map(({ headers }) => headers)).toEqual([letter(7).headers, letter(9).headers]);
  });

  it.each([
    ['no topic', 'replay', "required option '-t, --topic <topic>' not specified"],
    ['no choice', `replay --topic ${topic}`, 'say either --offset or --waiting'],
    [
      'two choices',
      `replay --topic ${topic} --offset 1 --waiting`,
      'say either --offset or --waiting',
    ],
    [
      'an offset without a letter',
      `replay --topic ${topic} --offset 5`,
      `${topic} has no letter at offset 5`,
    ],
    ['a word', `replay --topic ${topic} --offset one`, 'expected an offset such as 12'],
    ['an unknown topic', 'list --topic nonsense', 'there is no topic nonsense; there are:'],
  ])('refuses %s, and says what was expected', async (_, line, complaint) => {
    const { code, out, err } = await type(line);
    expect(err).toContain(complaint);
    expect(out).toBe('');
    expect(code).toBe(1);
  });

  it('says which broker does not answer', async () => {
    const { code, err } = await type('list', '127.0.0.1:1');
    expect(err).toMatch(/^127\.0\.0\.1:1 did not answer as expected: /);
    expect(code).toBe(1);
  });

  it('replays one, then what is left, each as it was, and remembers that', async () => {
    expect((await type(`replay --topic ${topic} --offset 1`)).out).toBe(`replayed ${lineOf(1, 9)}`);
    expect((await type(`list --topic ${topic}`)).out).toBe(`${lineOf(0, 7)}1 letter\n`);
    const all = await type(`list --topic ${topic} --all`);
    expect(all.out).toBe(`${lineOf(0, 7)}${lineOf(1, 9, '  (replayed)')}2 letters\n`);
    const waiting = `replay --topic ${topic} --waiting`;
    expect((await type(waiting)).out).toBe(`replayed ${lineOf(0, 7)}`);
    expect((await type(waiting)).out).toBe('nothing to replay\n');
    const told = (await readTopic(kafka, origin)).map(({ message, headers }) => ({
      key: String(message.key),
      value: String(message.value),
      headers,
    }));
    expect(told).toEqual([
      { key: 'key-9', value: '{"qty":9}', headers: { ce_id: 'id-9' } },
      { key: 'key-7', value: '{"qty":7}', headers: { ce_id: 'id-7' } },
    ]);
  });
});

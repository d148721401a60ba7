import { z } from 'zod';
import { ConfigError, env, processConfig, readConfig } from './config.ts';

const schema = processConfig.extend({
  DATABASE_URL: env.url('postgres'),
  KAFKA_BROKERS: env.list('kafka:9092'),
  NAME: z.string().optional(),
});
const good = { DATABASE_URL: 'postgres://u:secret@host:5432/db', KAFKA_BROKERS: 'a:1, b:2' };

const complaints = (environment: Record<string, string>): string => {
  try {
    readConfig(schema, environment);
    return 'none';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

describe('Configuration', () => {
  it('comes from the environment, with defaults', () => {
    expect(readConfig(schema, { ...good, PORT: '8081' })).toMatchObject({
      PORT: 8081,
      HOST: '0.0.0.0',
      LOG_LEVEL: 'info',
      KAFKA_BROKERS: ['a:1', 'b:2'],
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig(schema, { ...good, PORT: '', NAME: '' })).toMatchObject({ PORT: 8080 });
  });

  it.each([
    ['PORT', '80a', 'expected a whole number from 0 to 65535, got "80a"'],
    ['PORT', '65536', 'expected a whole number from 0 to 65535, got "65536"'],
    ['PORT', '-1', 'expected a whole number from 0 to 65535, got "-1"'],
    [
      'KAFKA_BROKERS',
      'a:1,,b:2',
      'expected a comma-separated list such as kafka:9092, got "a:1,,b:2"',
    ],
  ])('names %s when it is %s', (name, value, complaint) => {
    expect(complaints({ ...good, [name]: value })).toBe(`${name}: ${complaint}`);
  });

  it('has switches that are true or false, and nothing else', () => {
    const flags = z.object({ ON: env.flag(false), OFF: env.flag(true), UNSAID: env.flag(true) });
    expect(readConfig(flags, { ON: 'true', OFF: 'false' })).toEqual({
      ON: true,
      OFF: false,
      UNSAID: true,
    });
    expect(() => readConfig(flags, { ON: 'yes' })).toThrow('ON: expected true or false, got "yes"');
  });

  it('names what is missing, and everything at once', () => {
    expect(complaints({ LOG_LEVEL: 'loud' }).split('\n')).toEqual([
      expect.stringMatching(/^LOG_LEVEL: .*got "loud"$/),
      'DATABASE_URL: expected an address such as postgres://host:1234, it is not set',
      'KAFKA_BROKERS: expected a comma-separated list such as kafka:9092, it is not set',
    ]);
  });

  it('does not repeat an address, which may hold a password', () => {
    expect(complaints({ ...good, DATABASE_URL: 'mysql://u:secret@host/db' })).not.toContain(
      'secret',
    );
  });
});

import { z } from 'zod';
import { ConfigError, env, processConfig, readConfig } from './config.ts';

const schema = processConfig.extend({
  DATABASE_URL: env.url('postgres'),
  KAFKA_BROKERS: env.addresses('kafka:9092'),
  NAME: z.string().optional(),
});
const server = z.object({ SERVER_URL: env.url('http', 'https') });
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
  it('is read from the environment, with defaults', () => {
    expect(readConfig(schema, { ...good, PORT: '8081' })).toMatchObject({
      PORT: 8081,
      HOST: '0.0.0.0',
      LOG_LEVEL: 'info',
      KAFKA_BROKERS: ['a:1', 'b:2'],
    });
  });

  it('treats an empty variable as not set', () => {
    expect(readConfig(schema, { ...good, PORT: '', NAME: '' })).toMatchObject({ PORT: 8080 });
  });

  it.each([
    ['PORT', '80a', 'expected a whole number from 0 to 65535, got "80a"'],
    ['PORT', '65536', 'expected a whole number from 0 to 65535, got "65536"'],
    ['PORT', '-1', 'expected a whole number from 0 to 65535, got "-1"'],
    [
      'KAFKA_BROKERS',
      'a:1,,b:2',
      'expected host:port[,host:port] such as kafka:9092, got "a:1,,b:2"',
    ],
  ])('reports %s when it is %s', (name, value, complaint) => {
    expect(complaints({ ...good, [name]: value })).toBe(`${name}: ${complaint}`);
  });

  it.each([
    ['localhost', 'localhost'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['[::1]', '::1'],
    [' ::1 ', '::1'],
  ])('accepts HOST %s', (HOST, host) => {
    expect(readConfig(schema, { ...good, HOST })).toMatchObject({ HOST: host });
  });

  it.each(['127.0.0.1:80', '[::1]:80', '300.1.1.1', 'http://a', 'a b', '[', ':::'])(
    'rejects HOST %s',
    (host) => {
      expect(complaints({ ...good, HOST: host })).toBe(
        `HOST: expected a name or an address such as 127.0.0.1 or ::1, without a port, got "${host}"`,
      );
    },
  );

  it.each([
    ['https://rental.example', 'https://rental.example'],
    ['https://rental.example:8443/api/', 'https://rental.example:8443/api'],
    ['http://[::1]:8080/', 'http://[::1]:8080'],
  ])('accepts PUBLIC_URL %s', (PUBLIC_URL, url) => {
    expect(readConfig(schema, { ...good, PUBLIC_URL })).toMatchObject({ PUBLIC_URL: url });
  });

  it.each(['rental.example', 'ftp://a', 'https://a?b', 'https://a#b', 'https://u:p@a'])(
    'rejects PUBLIC_URL %s',
    (PUBLIC_URL) => {
      expect(complaints({ ...good, PUBLIC_URL })).toMatch(
        /^PUBLIC_URL: expected an address[^\n]*$/,
      );
    },
  );

  it('accepts names and addresses as allowed hosts, without ports', () => {
    const hosts = { ...good, ALLOWED_HOSTS: 'Rental.example, 10.0.0.1, [::1]' };
    expect(readConfig(schema, hosts).ALLOWED_HOSTS).toEqual([
      'rental.example',
      '10.0.0.1',
      '[::1]',
    ]);
    expect(complaints({ ...good, ALLOWED_HOSTS: 'a:80' })).toMatch(/^ALLOWED_HOSTS: .*got "a:80"$/);
    expect(complaints({ ...good, ALLOWED_HOSTS: 'http://a' })).toMatch(/^ALLOWED_HOSTS: /);
  });

  it('accepts only true and false for a flag', () => {
    const flags = z.object({ ON: env.flag(false), OFF: env.flag(true), UNSET: env.flag(true) });
    expect(readConfig(flags, { ON: 'true', OFF: 'false' })).toEqual({
      ON: true,
      OFF: false,
      UNSET: true,
    });
    expect(() => readConfig(flags, { ON: 'yes' })).toThrow('ON: expected true or false, got "yes"');
  });

  it('reports every bad or missing variable in one error', () => {
    expect(complaints({ LOG_LEVEL: 'loud' }).split('\n')).toEqual([
      expect.stringMatching(/^LOG_LEVEL: .*got "loud"$/),
      'DATABASE_URL: expected an address such as postgres://host:1234, it is not set',
      'KAFKA_BROKERS: expected host:port[,host:port] such as kafka:9092, it is not set',
    ]);
  });

  it.each(['http://host:80', 'https://host/'])('accepts %s as the address of a server', (url) => {
    expect(readConfig(server, { SERVER_URL: url })).toEqual({ SERVER_URL: url });
  });

  it.each([
    'http://host/path',
    'http://host?query',
    'http://host/#hash',
    'http://user@host',
    'https://user:password@host',
  ])('rejects %s as the address of a server', (url) => {
    expect(() => readConfig(server, { SERVER_URL: url })).toThrow(
      /^SERVER_URL: expected an address such as http:\/\/host:1234$/,
    );
  });

  it.each(['127.0.0.1', '10.0.0.0/8, fd00::/8', 'loopback,192.168.0.0/255.255.0.0'])(
    'accepts %s as trusted proxies',
    (proxies) =>
      expect(readConfig(schema, { ...good, TRUSTED_PROXIES: proxies })).toMatchObject({
        TRUSTED_PROXIES: proxies,
      }),
  );

  it.each(['foo', '10.0.0.0/33', 'loopback,'])('rejects %s as trusted proxies', (proxies) =>
    expect(complaints({ ...good, TRUSTED_PROXIES: proxies })).toBe(
      'TRUSTED_PROXIES: expected addresses, subnets, loopback, linklocal or uniquelocal, ' +
        `separated by commas, got "${proxies}"`,
    ),
  );

  it('does not show a URL, which may contain a password', () => {
    expect(complaints({ ...good, DATABASE_URL: 'mysql://u:secret@host/db' })).not.toContain(
      'secret',
    );
  });
});

import { readSettings } from './settings.ts';

describe('readSettings', () => {
  it('has the documented ports by default', () => {
    const wanted = readSettings({}).wantedPorts.map(({ port }) => port);
    expect(wanted).toEqual([8080, 8081, 8082, 8083, 8084, 9080, 8085, 15432, 13306, 19092, 19093]);
  });

  it('reads ports from the environment, with the controller on the port after Kafka', () => {
    const { servicePorts, serverPorts } = readSettings({ ORDER_PORT: '9001', KAFKA_PORT: '9092' });
    expect(servicePorts.order).toBe(9001);
    expect(serverPorts).toMatchObject({ kafka: 9092, kafkaController: 9093 });
  });

  it('shows traces and metrics with --observe only', () => {
    const ports = readSettings({ ZIPKIN_PORT: '9999' }, ['--observe']).wantedPorts;
    expect(ports.slice(-2).map(({ port }) => port)).toEqual([9999, 9090]);
    expect(() => readSettings({}, ['--observ'])).toThrow(
      /--observ: expected no option, or --observe/,
    );
  });

  it('needs no port for an external server', () => {
    const settings = readSettings({
      POSTGRES_URL: 'postgres://admin:secret@db:5432/postgres',
      MARIADB_URL: 'mysql://root@db:3306',
      KAFKA_BROKERS: 'a:9092,b:9092',
      AUTH_ISSUER: 'https://issuer.example',
    });
    expect(settings.wantedPorts).toHaveLength(6);
    expect(settings.issuerPort).toBeUndefined();
    expect(settings.external.kafkaBrokers).toBe('a:9092,b:9092');
  });

  it('names all invalid variables in one error', () => {
    const bad = { GATEWAY_PORT: '80x', MIS_PORT: '0', MARIADB_URL: 'root@db:3306' };
    expect(() => readSettings(bad)).toThrow(/GATEWAY_PORT.*\nMIS_PORT.*\nMARIADB_URL/);
  });

  it('does not print an invalid URL, which may contain a password', () => {
    expect(() => readSettings({ POSTGRES_URL: 'http://admin:secret@db' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });

  it('rejects the same port for two processes', () => {
    expect(() => readSettings({ MANAGEMENT_PORT: '8080' })).toThrow(/8080.*gateway.*management/);
    expect(() => readSettings({ ORDER_PORT: '8082' })).toThrow(/8082.*order.*approval/);
    expect(() => readSettings({ MIS_PORT: '19093' })).toThrow(/19093.*mis.*controller/);
  });
});

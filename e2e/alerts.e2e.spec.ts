import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { topics } from '@equipmgnt/contracts';
import { parser } from '@prometheus-io/lezer-promql';
import { freePorts, LOCAL, prometheus, prometheusProgram, REPOSITORY } from '@equipmgnt/testing';
import { eventually, runSuite, type Api } from '@equipmgnt/testing/jest';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { parse } from 'yaml';

const DIRECTORY = join(LOCAL, `e2e-${randomUUID()}`);
const FILES = join(REPOSITORY, 'k8s/observability');
const ALERTS = join(FILES, 'alerts.yaml');
const DASHBOARDS = join(FILES, 'dashboards');

const alerts: { alert: string; expr: string; annotations: { runbook: string } }[] = parse(
  readFileSync(ALERTS, 'utf8'),
).groups.flatMap(({ rules }: { rules: object[] }) => rules);

const panels: { name: string; expr: string }[] = readdirSync(DASHBOARDS).flatMap((file) => {
  const dashboard = JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8'));
  return dashboard.panels.flatMap((panel: { title: string; targets: { expr: string }[] }) =>
    panel.targets.map(({ expr }) => ({
      name: `${file}: ${panel.title}`,
      expr: expr.replaceAll('$app', 'order'),
    })),
  );
});

/** The metrics that an expression reads. */
function metricsIn(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector')
        names.push(expr.slice(from, to));
    },
  });
  return names;
}

/** The same alerts with short times, so that the test does not wait for minutes. */
const shortened = (rules: string): string =>
  rules
    .replaceAll(/for: \d+m/g, 'for: 0s')
    .replaceAll(/> 30$/gm, '> 5') // seconds
    .replaceAll(/\[\d+m\]/g, '[20s]')
    .replaceAll(/\[1h\]/g, '[60s]');

describe('Alerts and dashboards', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let server: ReturnType<typeof prometheus>;
  let api: Api;
  let equipmentId: number;
  const seen = new Set<string>();

  beforeAll(async () => {
    await mkdir(DIRECTORY, { recursive: true });
    running = await runSuite({
      env: {
        gateway: { UPSTREAM_TIMEOUT_MS: '1500' },
        order: { BREAKER_RESET_MS: '60000' },
      },
    });
    api = running.api;
    const rules = join(DIRECTORY, 'alerts.yaml');
    await writeFile(rules, shortened(readFileSync(ALERTS, 'utf8')));
    const [port = 0] = await freePorts(1);
    const { suite } = running;
    server = prometheus({
      port,
      directory: join(DIRECTORY, 'prometheus'),
      logFile: join(DIRECTORY, 'prometheus.log'),
      rules: [rules],
      intervalS: 1,
      targets: Object.fromEntries(
        suite.processes.map(({ service, managementUrl }) => [service, new URL(managementUrl).host]),
      ),
    });
    await server.start();
    equipmentId = (await api.post('/equipments', { stock: 1_000 })).body.id;
    expect((await order()).status).toBe(201);
  });

  afterAll(async () => {
    await running.suite.approval[0].kill('SIGCONT');
    await server.stop();
    await running.stop();
    await rm(DIRECTORY, { recursive: true, force: true });
  });

  const order = () => api.post('/orders', { qty: 1, equipmentId });
  const ask = async (path: string, query: Record<string, string> = {}) => {
    const answer = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams(query)}`);
    return (await answer.json()) as { status: string; error?: string; data: any };
  };
  const firing = async (): Promise<string[]> => {
    const { data } = await ask('alerts');
    return data.alerts
      .filter(({ state }: { state: string }) => state === 'firing')
      .map(({ labels }: { labels: { alertname: string } }) => labels.alertname);
  };
  /** @param cause is repeated until the alert fires */
  const fires = async (alert: string, cause: () => Promise<unknown> = async () => undefined) => {
    await eventually(async () => {
      await cause();
      expect(await firing()).toContain(alert);
    });
    seen.add(alert);
  };
  /** Runs work while a table is locked by another transaction. */
  const whileLocked = async (url: string, table: string, work: () => Promise<void>) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(`LOCK TABLE ${table}`);
      await work();
    } finally {
      await client.end();
    }
  };

  it('are valid rules', async () => {
    const promtool = await prometheusProgram('promtool');
    const { stdout } = await promisify(execFile)(promtool, ['check', 'rules', ALERTS]);
    expect(stdout).toContain(`${alerts.length} rules found`);
  });

  it('read only metrics that a service has', async () => {
    const known = new Set<string>(['up']);
    for (const { managementUrl } of running.suite.processes) {
      const text = await (await fetch(`${managementUrl}/actuator/prometheus`)).text();
      for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
        for (const suffix of suffixes) known.add(`${name}${suffix}`);
      }
    }
    const read = [...alerts.map(({ alert, expr }) => ({ name: alert, expr })), ...panels];
    expect(read.length).toBeGreaterThan(40);
    const unknown = read.flatMap(({ name, expr }) => {
      const metrics = metricsIn(expr);
      if (metrics.length === 0) return [`${name} reads no metric`];
      return metrics.filter((metric) => !known.has(metric)).map((metric) => `${name}: ${metric}`);
    });
    expect(unknown).toEqual([]);
  });

  it('are expressions that Prometheus evaluates', async () => {
    for (const { name, expr } of panels) {
      const { status, error } = await ask('query', { query: expr });
      expect({ name, status, error }).toEqual({ name, status: 'success', error: undefined });
    }
  });

  it('do not fire while all is well', async () => {
    await eventually(async () => {
      const { data } = await ask('query', { query: 'sum(up)' });
      expect(data.result[0]?.value[1]).toBe('5');
    });
    expect(await firing()).toEqual([]);
  });

  it('have a section in the documentation', () => {
    const headings = readFileSync(join(REPOSITORY, 'docs/operations.md'), 'utf8').matchAll(
      /^#+ (.+)$/gm,
    );
    const anchors = [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(' ', '-')
        .replaceAll(/[^\w-]/g, ''),
    );
    for (const { annotations } of alerts) {
      const [file, anchor] = annotations.runbook.split('#');
      expect(file).toBe('docs/operations.md');
      expect(anchors).toContain(anchor);
    }
  });

  it('fire for a message that is no event', async () => {
    const kafka = new Kafka({
      brokers: [running.connections.kafkaBrokers],
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: topics.order, messages: [{ key: '1', value: 'no event' }] });
    await producer.disconnect();
    await fires('DeadLetters');
  });

  it('fire for an event that cannot be published', async () => {
    const client = new pg.Client({ connectionString: running.connections.databases.order });
    await client.connect();
    await client.query(
      `INSERT INTO outbox (type, key, data, occurred_at, topic)
       VALUES ('equipmgnt.Future.v1', 999, '{}', now(), 'no-such-topic')`,
    );
    await client.end();
    await fires('OutboxParked');
  });

  it('fire for a consumer that cannot handle its events', async () => {
    const { equipment } = running.connections.databases;
    await whileLocked(equipment, 'stock_ledger', async () => {
      await order();
      await fires('ConsumerStuck');
      await fires('ConsumerLag');
    });
  });

  it('fire for callers that wait for the database', async () => {
    const { order: database } = running.connections.databases;
    await whileLocked(database, 'orders', async () => {
      const many = () =>
        Promise.all(Array.from({ length: 40 }, () => fetch(`${api.url}/orders/1`)));
      await fires('DatabaseConnections', many);
    });
  });

  it('fire for a service that does not answer', async () => {
    await running.suite.approval[0].kill('SIGSTOP');
    // enough calls in the window of the breaker
    const many = () => Promise.all(Array.from({ length: 5 }, order));
    await fires('SlowOrders', many);
    await fires('ApprovalBreakerOpen', many);
    await fires('ServiceDown');
    await fires('Errors', () => api.get('/approvals/1'));
    await running.suite.approval[0].kill('SIGCONT');
  });

  it('fire for a broker that is down', async () => {
    await running.kafka.stop();
    expect((await order()).status).toBeLessThan(300);
    await fires('OutboxWaiting');
    await fires('ConsumerFailing');
    await running.kafka.start();
    await fires('OrdersLate');
  });

  it('have all been seen', () => {
    expect([...seen].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  });
});

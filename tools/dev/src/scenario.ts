import { parseArgs, styleText } from 'node:util';
import {
  suiteOfCluster,
  suiteOfCompose,
  suiteOfNpmStart,
  type RunningSuite,
  control,
  messageOf,
  waitUntil,
} from '@equipmgnt/testing';

/**
 * Runs the classic scenario through the gateway of the running suite, then a scenario with approval
 * down, and prints each request with its answer. Fails at the first unexpected answer. Uses the
 * suite of `npm start`, or if that is not running, the suite of Docker Compose. `--compose` selects
 * the latter explicitly, `--cluster <context>` selects the suite in a cluster.
 */
const SUITE = await chooseSuite().catch((error: unknown) => {
  console.error(`${styleText('red', '✗')} ${messageOf(error)}`);
  return process.exit(1);
});
const WITHIN_MS = 60_000;

async function chooseSuite(): Promise<RunningSuite> {
  const options = { compose: { type: 'boolean' }, cluster: { type: 'string' } } as const;
  const { compose, cluster } = parseArgs({ options }).values;
  if (cluster !== undefined) return suiteOfCluster(cluster, process.env);
  if (compose) return suiteOfCompose();
  const suite = suiteOfNpmStart(process.env);
  if (process.env['GATEWAY_URL'] || (await isStarted())) return suite;
  return suiteOfCompose().catch(() => suite);
}

function isStarted(): Promise<boolean> {
  return control('status').then(
    () => true,
    () => false,
  );
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function main(): Promise<void> {
  console.log(`Gateway: ${SUITE.gateway} (started by ${SUITE.startedBy})`);
  heading('The classic scenario');
  const registered = await step(
    'A manager registers equipment with a stock of 10',
    'POST',
    '/equipments',
    {
      body: { stock: 10 },
      expect: { status: 201, stock: 10 },
    },
  );
  const equipmentId = registered['id'];
  const ordered = await step(
    'An employee orders 2 units, and the order is approved',
    'POST',
    '/orders',
    {
      body: { qty: 2, equipmentId },
      expect: { status: 201, state: 'APPROVED', qty: 2 },
    },
  );
  const [order, approval] = [`/orders/${ordered['id']}`, `/approvals/${ordered['approvalId']}`];
  const [equipment, view] = [`/equipments/${equipmentId}`, `/mis/${ordered['id']}`];
  await step('The approval exists', 'GET', approval, {
    expect: { status: 200, state: 'APPROVED', orderId: ordered['id'] },
  });
  await step('The stock is 8', 'GET', equipment, { expect: { status: 200, stock: 8 } });
  await step('The mis view shows the approved order', 'GET', view, {
    expect: { status: 200, state: 'APPROVED', qty: 2 },
  });
  await step('The employee cancels the order', 'PATCH', order, {
    body: { status: 'CANCELLED' },
    expect: { status: 200, state: 'CANCELLED' },
  });
  await step('The approval is cancelled', 'GET', approval, {
    expect: { status: 200, state: 'CANCELLED' },
  });
  await step('The stock is 10 again', 'GET', equipment, { expect: { status: 200, stock: 10 } });
  await step('The mis view shows the cancelled order', 'GET', view, {
    expect: { status: 200, state: 'CANCELLED' },
  });

  heading('Approval is down');
  await action('Stopped approval', () => SUITE.stop('approval'));
  try {
    const accepted = await step('An order is accepted, but not yet approved', 'POST', '/orders', {
      body: { qty: 3, equipmentId },
      expect: { status: 202, state: 'ORDERED' },
    });
    await action('Started approval', () => SUITE.start('approval'));
    await step(
      'The order is approved without another request',
      'GET',
      `/orders/${accepted['id']}`,
      {
        expect: { status: 200, state: 'APPROVED' },
      },
    );
  } finally {
    await SUITE.start('approval'); // also after a failed step
  }
  await step('The stock is 7', 'GET', equipment, {
    expect: { status: 200, stock: 7 },
  });
  console.log(`\n${styleText('green', '✓')} All checks passed`);
}

interface Expectation {
  readonly status: number;
  /** The field `status` of the resource. */
  readonly state?: string;
  readonly [field: string]: unknown;
}

/** Sends a request and checks the answer. Repeats a GET until the answer is as expected. */
async function step(
  title: string,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  { body, expect }: { body?: object; expect: Expectation },
): Promise<Record<string, unknown>> {
  let answer: Answer | undefined;
  const attempt = async () => {
    answer = await send(method, path, body);
    const differences = compare(answer, expect);
    if (differences.length > 0) throw new Error(differences.join(', '));
  };
  try {
    // the effects of a request reach the other services asynchronously, as events
    await (method === 'GET' ? waitUntil(attempt, { withinMs: WITHIN_MS }) : attempt());
  } catch (error) {
    show('red', '✗', title, method, path, body, answer);
    throw new Error(`${title}: ${(error as Error).message}`, { cause: error });
  }
  show('green', '✓', title, method, path, body, answer);
  return answer?.body ?? {};
}

function compare(
  { status, body }: Answer,
  { status: wanted, state, ...fields }: Expectation,
): string[] {
  const expected = { ...fields, ...(state !== undefined && { status: state }) };
  return [
    ...(status === wanted ? [] : [`expected HTTP ${wanted}, got ${status}`]),
    ...Object.entries(expected)
      .filter(([name, value]) => body[name] !== value)
      .map(([name, value]) => `expected ${name} ${value}, got ${JSON.stringify(body[name])}`),
  ];
}

async function send(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(SUITE.gateway + path, {
    method,
    ...(body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

function show(
  colour: 'green' | 'red',
  mark: string,
  title: string,
  method: string,
  path: string,
  body: object | undefined,
  answer: Answer | undefined,
): void {
  const request = `${method} ${path}${body ? ` ${JSON.stringify(body)}` : ''}`;
  const { _links, ...shown } = answer?.body ?? {};
  console.log(`${styleText(colour, mark)} ${title}`);
  console.log(styleText('dim', `    ${request}`));
  if (answer) console.log(styleText('dim', `    ${answer.status} ${JSON.stringify(shown)}`));
}

async function action(title: string, act: () => Promise<unknown>): Promise<void> {
  await act();
  console.log(`${styleText('green', '✓')} ${title}`);
}

function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}`);
}

try {
  await main();
} catch (error) {
  const { message, cause } = error as Error;
  const unreachable = (cause as { cause?: unknown } | undefined)?.cause ?? cause;
  const refused = /ECONNREFUSED|fetch failed/.test(`${message} ${String(unreachable)}`);
  console.error(`\n${styleText('red', '✗')} ${message}`);
  if (refused) {
    console.error(
      `No suite is running at ${SUITE.gateway}. Start it in another terminal: ${SUITE.startedBy}`,
    );
  }
  process.exitCode = 1;
}

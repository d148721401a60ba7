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
 * the latter explicitly, `--cluster <context>` selects the suite in a cluster. Where sign-in is required,
 * TOKEN is the token of a manager.
 */
const SUITE = await chooseSuite().catch((error: unknown) => {
  console.error(`${styleText('red', '✗')} ${messageOf(error)}`);
  return process.exit(1);
});
const WITHIN_MS = 60_000;
const { TOKEN } = process.env;

async function chooseSuite(): Promise<RunningSuite> {
  const options = { compose: { type: 'boolean' }, cluster: { type: 'string' } } as const;
  const { compose, cluster } = parseArgs({ options }).values;
  if (cluster !== undefined) return suiteOfCluster(cluster, process.env);
  if (compose) return suiteOfCompose();
  const suite = suiteOfNpmStart(process.env);
  if (process.env['GATEWAY_URL'] || (await control('status').catch(() => undefined))) return suite;
  return suiteOfCompose().catch(() => suite);
}

async function main(): Promise<void> {
  console.log(`Gateway: ${SUITE.gateway} (started by ${SUITE.startedBy})`);
  heading('The classic scenario');
  const stock = (left: number) => ({ http: 200, stock: left });
  const { id: equipmentId } = await step(
    ['A manager registers equipment with a stock of 10', 'POST', '/equipments', { stock: 10 }],
    { http: 201, stock: 10 },
  );
  const ordered = await step(
    [
      'An employee orders 2 units, and the order is approved',
      'POST',
      '/orders',
      { qty: 2, equipmentId },
    ],
    { http: 201, status: 'APPROVED', qty: 2 },
  );
  const [order, approval] = [`/orders/${ordered['id']}`, `/approvals/${ordered['approvalId']}`];
  const [equipment, view] = [`/equipments/${equipmentId}`, `/mis/${ordered['id']}`];
  const approved = { http: 200, status: 'APPROVED' };
  const cancelled = { http: 200, status: 'CANCELLED' };
  await step(['The approval exists', 'GET', approval], { ...approved, orderId: ordered['id'] });
  await step(['The stock is 8', 'GET', equipment], stock(8));
  await step(['The mis view shows the approved order', 'GET', view], { ...approved, qty: 2 });
  const cancel = { status: 'CANCELLED' };
  await step(['The employee cancels the order', 'PATCH', order, cancel], cancelled);
  await step(['The approval is cancelled', 'GET', approval], cancelled);
  await step(['The stock is 10 again', 'GET', equipment], stock(10));
  await step(['The mis view shows the cancelled order', 'GET', view], cancelled);

  heading('Approval is down');
  await SUITE.stop('approval');
  show('green', 'Stopped approval');
  try {
    const accepted = await step(
      ['An order is accepted, but not yet approved', 'POST', '/orders', { qty: 3, equipmentId }],
      { http: 202, status: 'ORDERED' },
    );
    await SUITE.start('approval');
    show('green', 'Started approval');
    const later = `/orders/${accepted['id']}`;
    await step(['The order is approved without another request', 'GET', later], approved);
  } finally {
    await SUITE.start('approval'); // also after a failed step
  }
  await step(['The stock is 7', 'GET', equipment], stock(7));
  console.log(`\n${styleText('green', '✓')} All checks passed`);
}

type Step = [title: string, method: 'GET' | 'POST' | 'PATCH', path: string, body?: object];

/** Sends a request and checks the answer. Repeats a GET until the answer is as expected. */
async function step(
  [title, method, path, body]: Step,
  { http, ...fields }: { http: number; [field: string]: unknown },
): Promise<Record<string, unknown>> {
  let answer: Record<string, unknown> = {};
  const details = [`${method} ${path}${body ? ` ${JSON.stringify(body)}` : ''}`];
  const attempt = async () => {
    const response = await fetch(SUITE.gateway + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(TOKEN && { authorization: `Bearer ${TOKEN}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    answer = (await response.json()) as Record<string, unknown>;
    details[1] = `${response.status} ${JSON.stringify({ ...answer, _links: undefined })}`;
    const differences = Object.entries(fields)
      .filter(([name, value]) => answer[name] !== value)
      .map(([name, value]) => `expected ${name} ${value}, got ${JSON.stringify(answer[name])}`);
    if (response.status !== http)
      differences.unshift(`expected HTTP ${http}, got ${response.status}`);
    if (response.status === 401) differences.push('set TOKEN to a token of a manager');
    if (differences.length > 0) throw new Error(differences.join(', '));
  };
  try {
    // the effects of a request reach the other services asynchronously, as events
    await (method === 'GET' ? waitUntil(attempt, { withinMs: WITHIN_MS }) : attempt());
  } catch (error) {
    show('red', title, details);
    throw new Error(`${title}: ${messageOf(error)}`, { cause: error });
  }
  show('green', title, details);
  return answer;
}

function show(colour: 'green' | 'red', title: string, details: readonly string[] = []): void {
  console.log(`${styleText(colour, colour === 'green' ? '✓' : '✗')} ${title}`);
  for (const detail of details) console.log(styleText('dim', `    ${detail}`));
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

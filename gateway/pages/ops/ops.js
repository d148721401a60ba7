// Shows the state that the gateway sends every two seconds.

const SVG = 'http://www.w3.org/2000/svg';
const byId = (id) => document.getElementById(id);

/** Where each service is in the picture. */
const BOXES = {
  gateway: { x: 20, y: 160 },
  order: { x: 250, y: 40 },
  approval: { x: 480, y: 40 },
  equipment: { x: 710, y: 160 },
  mis: { x: 480, y: 290 },
};
const WIDTH = 170;
const HEIGHT = 80;

/** Calls and events between the services: from, to, and what is written on the arrow. */
const ARROWS = [
  ['gateway', 'order', ({ order }) => `${rate(order.requests)}/s`],
  [
    'order',
    'approval',
    ({ order }, { breaker = 'unknown' }) => `breaker ${breaker}; ${rate(order.published)} events/s`,
  ],
  [
    'approval',
    'equipment',
    ({ approval, equipment }) => `${rate(approval.published)} events/s, lag ${equipment.lag}`,
  ],
  ['equipment', 'mis', ({ mis }) => `lag ${mis.lag}`],
  ['gateway', 'mis', ({ mis }) => `${rate(mis.requests)}/s`],
];

const rate = (value) => value.toFixed(value < 10 ? 1 : 0);
const seconds = (value) => (value === 0 ? '–' : `${Math.round(value)} s`);

function concernOf({ health, lag, stuck, outbox, errors }) {
  if (health !== 'UP' || stuck > 30 || outbox.oldest > 30) return 'bad';
  if (lag > 1_000 || outbox.parked > 0 || errors > 0 || stuck > 0) return 'warn';
  return 'good';
}

function show(state) {
  byId('message').hidden = true;
  const concerns = state.services.filter((service) => concernOf(service) !== 'good');
  const names = concerns.map(({ service }) => service).join(', ');
  const breaker = state.breaker === 'open' ? ' The breaker to approval is open.' : '';
  byId('summary').textContent =
    `${concerns.length === 0 ? 'All services are well.' : `Look at ${names}.`}${breaker} ${new Date(state.at).toLocaleTimeString()}`;
  draw(state);
  byId('services').replaceChildren(...state.services.map(row));
  byId('orders').replaceChildren(
    ...Object.entries(state.orders).map(([status, count]) =>
      element('div', {}, element('dt', {}, status), element('dd', {}, String(count))),
    ),
  );
  const dead = state.services.flatMap(({ service, deadLetters }) =>
    deadLetters.map(({ topic, code, count }) =>
      element(
        'li',
        {},
        `${service}: ${count} of ${topic}, ${code}. `,
        element('code', {}, `npm run ops -- dead-letters list --topic ${topic}.dlt`),
      ),
    ),
  );
  byId('dead').replaceChildren(...(dead.length > 0 ? dead : [element('li', {}, 'none')]));
}

function row(service) {
  const { outbox } = service;
  const concern = concernOf(service);
  const problems = service.problems.map((text) => element('small', {}, text));
  const cell = (text, isConcern = false) =>
    element('td', isConcern ? { class: concern } : {}, String(text));
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, service.service),
    element('td', { class: service.health === 'UP' ? 'good' : 'bad' }, service.health, ...problems),
    cell(service.replicas),
    cell(rate(service.requests)),
    cell(rate(service.errors), service.errors > 0),
    cell(rate(service.handled)),
    cell(service.lag, service.lag > 1_000),
    cell(seconds(service.stuck), service.stuck > 0),
    cell(outbox.waiting),
    cell(seconds(outbox.oldest), outbox.oldest > 30),
    cell(outbox.parked, outbox.parked > 0),
  );
}

function draw(state) {
  const services = Object.fromEntries(state.services.map((each) => [each.service, each]));
  services.gateway = { health: 'UP', requests: 0, lag: 0, stuck: 0, errors: 0, outbox: {} };
  byId('flow').replaceChildren(
    svg('defs', {}, arrowHead()),
    ...ARROWS.map(([from, to, label]) => arrow(from, to, label(services, state), services, state)),
    ...Object.entries(BOXES).map(([name, box]) => drawBox(name, box, services[name])),
  );
}

function arrow(from, to, label, services, { breaker }) {
  const a = edgeOf(BOXES[from], centreOf(BOXES[to]));
  const b = edgeOf(BOXES[to], centreOf(BOXES[from]));
  const isBad =
    services[to].health !== 'UP' || (from === 'order' && to === 'approval' && breaker === 'open');
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const isFlat = a.y === b.y;
  return svg(
    'g',
    {},
    svg('line', {
      x1: a.x,
      y1: a.y,
      x2: b.x,
      y2: b.y,
      class: isBad ? 'bad' : '',
      'marker-end': 'url(#head)',
    }),
    svg(
      'text',
      {
        x: middle.x,
        y: isFlat ? a.y - HEIGHT / 2 - 10 : middle.y,
        class: 'figure on-line',
        'text-anchor': 'middle',
      },
      label,
    ),
  );
}

function drawBox(name, { x, y }, service) {
  const line = (dy, text, kind) => svg('text', { x: x + 12, y: y + dy, class: kind }, text);
  const waiting = service.outbox.waiting ? `, outbox ${service.outbox.waiting}` : '';
  return svg(
    'g',
    { class: concernOf(service) },
    svg('rect', { x, y, width: WIDTH, height: HEIGHT, rx: 8 }),
    line(30, name, 'name'),
    line(56, name === 'gateway' ? '' : `${service.health}${waiting}`, 'figure'),
  );
}

const arrowHead = () =>
  svg(
    'marker',
    {
      id: 'head',
      viewBox: '0 0 10 10',
      refX: 10,
      refY: 5,
      markerWidth: 8,
      markerHeight: 8,
      orient: 'auto',
    },
    svg('path', { d: 'M0 0 10 5 0 10z' }),
  );

/** Where the line from the centre of a box to another point leaves the box. */
function edgeOf(box, to) {
  const centre = centreOf(box);
  const [dx, dy] = [to.x - centre.x, to.y - centre.y];
  const share = Math.min(WIDTH / 2 / Math.abs(dx || 1e-9), HEIGHT / 2 / Math.abs(dy || 1e-9));
  return { x: centre.x + dx * share, y: centre.y + dy * share };
}

const centreOf = ({ x, y }) => ({ x: x + WIDTH / 2, y: y + HEIGHT / 2 });

const svg = (name, attributes, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children);
const element = (name, attributes, ...children) =>
  fill(document.createElement(name), attributes, children);

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** The browser does not say why a stream has failed, so the state is asked for once. */
async function explain() {
  const answer = await fetch('state').catch(() => undefined);
  const message = byId('message');
  message.hidden = answer?.ok ?? false;
  if (answer === undefined)
    return message.replaceChildren('The gateway does not answer. Trying again …');
  if (answer.ok) return;
  if (answer.status === 401) {
    const link = element('a', { href: '../auth/sign-in?returnTo=/ops/' }, 'Sign in');
    return message.replaceChildren(link, ' as an operator to see the state of the suite.');
  }
  const { detail = 'no reason' } = await answer.json().catch(() => ({}));
  message.replaceChildren(`The gateway refuses: ${detail}`);
}

let pause = 1_000;

function watch() {
  const stream = new EventSource('events');
  stream.onmessage = ({ data }) => {
    pause = 1_000;
    show(JSON.parse(data));
  };
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return void explain();
    // a refusal ends the stream for good
    void explain();
    setTimeout(watch, pause);
    pause = Math.min(pause * 2, 30_000);
  };
}

watch();

import { styleText } from 'node:util';
import { SERVICES, type ServiceName } from '@equipmgnt/contracts';

type Style = Parameters<typeof styleText>[0];

const COLOURS: Record<ServiceName, Style> = {
  gateway: 'magenta',
  order: 'cyan',
  approval: 'green',
  equipment: 'yellow',
  mis: 'blue',
};

// Wide enough for "equipment" and for "approval-2".
const NAME_WIDTH = Math.max(...SERVICES.map((service) => service.length)) + 1;

// https://getpino.io/#/docs/api?id=level-string; the label of info is left out.
const LEVELS: Record<number, { readonly label: string; readonly style: Style }> = {
  10: { label: 'TRACE', style: 'gray' },
  20: { label: 'DEBUG', style: 'gray' },
  40: { label: 'WARN', style: 'yellow' },
  50: { label: 'ERROR', style: 'red' },
  60: { label: 'FATAL', style: ['red', 'inverse'] },
};
const ERROR_LEVEL = 50;

/** Fields that are shown in another place, or that have no use on one machine. */
const HIDDEN = new Set([
  'level',
  'time',
  'name',
  'msg',
  'pid',
  'hostname',
  'v',
  'err',
  'requestId',
]);

// 8 of the 32 digits are enough to distinguish the traces in one log.
const TRACE_ID_SHOWN = 8;
const VALUE_SHOWN = 120;

export interface LogSource {
  readonly service: ServiceName;
  readonly name: string;
}

/**
 * Formats a log line of a service for people: time, name, level unless it is info, message, further
 * fields. Lines that are not pino's JSON keep their text.
 */
export function formatLine(source: LogSource, line: string, coloured: boolean): string {
  const paint = (style: Style, text: string) =>
    coloured && text !== '' ? styleText(style, text, { validateStream: false }) : text;
  const name = paint(COLOURS[source.service], source.name.padEnd(NAME_WIDTH));
  const record = parse(line);
  if (record === undefined) return `${' '.repeat(clock(0).length)} ${name} ${line}`;

  const level = LEVELS[record.level];
  const parts = [
    paint('gray', clock(record.time)),
    name,
    ...(level ? [paint(level.style, level.label)] : []),
    ...(record.msg ? [record.msg] : []),
    ...fieldsOf(record).map((field) => paint('gray', field)),
  ];
  const stack = record.level >= ERROR_LEVEL ? (record.err?.stack ?? '') : '';
  const trace = stack.split('\n').slice(1).join('\n'); // its first line repeats the message
  return [parts.join(' '), ...(trace ? [paint('gray', trace)] : [])].join('\n');
}

interface PinoRecord {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
}

function parse(line: string): PinoRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const record = JSON.parse(line) as PinoRecord;
    return typeof record.level === 'number' && typeof record.time === 'number' ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Local time of day to the millisecond: 14:03:07.120 */
function clock(time: number): string {
  const date = new Date(time);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const digits = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return `${digits}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function fieldsOf(record: PinoRecord): string[] {
  const fields = Object.entries(record).filter(([name]) => !HIDDEN.has(name));
  const reason = record.err?.message;
  if (reason !== undefined && !record.msg?.includes(reason)) fields.unshift(['err', reason]);
  return fields.map(([name, value]) => `${name}=${valueOf(name, value)}`);
}

function valueOf(name: string, value: unknown): string {
  if (name === 'traceId') return String(value).slice(0, TRACE_ID_SHOWN);
  const text =
    typeof value === 'string' && !/[\s"=]/.test(value) ? value : (JSON.stringify(value) ?? '');
  return text.length > VALUE_SHOWN ? `${text.slice(0, VALUE_SHOWN)}…` : text;
}

import { styleText } from 'node:util';
import { SERVICES, type ServiceName } from '@equipmgnt/contracts';
import { prettyFactory } from 'pino-pretty';

const COLOURS: Record<ServiceName, Parameters<typeof styleText>[0]> = {
  gateway: 'magenta',
  order: 'cyan',
  approval: 'green',
  equipment: 'yellow',
  mis: 'blue',
};

// Wide enough for "equipment" and for "approval-2".
const NAME_WIDTH = Math.max(...SERVICES.map((service) => service.length)) + 1;

const INFO_LEVEL = 30;
const ERROR_LEVEL = 50;
// 8 of the 32 digits are enough to distinguish the traces in one log.
const TRACE_ID_SHOWN = 8;
const VALUE_SHOWN = 120;

const formatterFor = (colorize: boolean) =>
  prettyFactory({
    colorize,
    ignore: 'pid,hostname,name,v,requestId',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    errorLikeObjectKeys: [],
  });
const plain = formatterFor(false);
const coloured = formatterFor(true);

interface LogSource {
  readonly service: ServiceName;
  readonly name: string;
}

/**
 * Formats a log line of a service for people: name, time, level unless it is info, message, further
 * fields. The stack of an error follows for the levels error and fatal. Lines that are not pino's
 * JSON keep their text.
 */
export function formatLine({ service, name }: LogSource, line: string, colours: boolean): string {
  const column = name.padEnd(NAME_WIDTH);
  const head = colours ? styleText(COLOURS[service], column, { validateStream: false }) : column;
  const record = parse(line);
  if (record === undefined) return `${head} ${line}`;
  const { err, level, ...fields } = record;
  const reason = err?.message !== undefined && !record.msg?.includes(err.message) && err.message;
  const shown = Object.entries({
    ...(level !== INFO_LEVEL && { level }),
    ...fields,
    ...(reason && { err: reason }),
  }).map(shorten);
  const text = (colours ? coloured : plain)(Object.fromEntries(shown)).trimEnd();
  // the first line of a stack repeats the message
  const stack = level >= ERROR_LEVEL ? (err?.stack?.split('\n').slice(1) ?? []) : [];
  return [`${head} ${text}`, ...stack].join('\n');
}

interface PinoRecord {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
}

function parse(line: string): PinoRecord | undefined {
  try {
    const record = JSON.parse(line) as PinoRecord;
    return typeof record.level === 'number' && typeof record.time === 'number' ? record : undefined;
  } catch {
    return undefined;
  }
}

function shorten([name, value]: [string, unknown]): [string, unknown] {
  if (typeof value !== 'string' || name === 'msg') return [name, value];
  const limit = name === 'traceId' ? TRACE_ID_SHOWN : VALUE_SHOWN;
  const mark = name === 'traceId' ? '' : '…';
  return [name, value.length > limit ? `${value.slice(0, limit)}${mark}` : value];
}

import { styleText } from 'node:util';
import { formatLine, type ServiceName } from '@equipmgnt/testing';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a message that is easy to see between the log lines of the services. */
export function say(text: string): void {
  print(styleText(['bold', 'yellow'], `▶ ${text}`));
}

/** Prints a log line of a service. */
export function printLog(source: { name: string; service: ServiceName }, line: string): void {
  print(formatLine(source, line, process.stdout.isTTY && !process.env['NO_COLOR']));
}

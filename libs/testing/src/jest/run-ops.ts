import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { NODE, REPOSITORY } from '../layout.ts';
import type { Connections } from '../suite/services.ts';

/** The result of a command. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `npm run ops -- <line>` for a suite. @param more variables */
export function runOps(
  { databases, kafkaBrokers }: Connections,
  line: string,
  more: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const env = {
    ...process.env,
    ORDER_DATABASE_URL: databases.order,
    APPROVAL_DATABASE_URL: databases.approval,
    EQUIPMENT_DATABASE_URL: databases.equipment,
    MIS_DATABASE_URL: databases.mis,
    KAFKA_BROKERS: kafkaBrokers,
    ...more,
  };
  const main = join(REPOSITORY, 'tools/ops/src/ops.ts');
  const flags = ['--conditions=@equipmgnt/source', '--disable-warning=TimeoutNegativeWarning'];
  const args = [...flags, main, ...line.split(' ')];
  return new Promise((resolve) => {
    execFile(NODE, args, { env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

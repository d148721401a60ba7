import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ServiceName } from '@equipmgnt/contracts';
import type { Command } from '../processes/detached.ts';
import { messageOf, SetupError } from '../setup-error.ts';
import { askHealth } from './ask-health.ts';
import { debianPackage } from './downloads/debian.ts';
import { Server, type ServerOptions } from './server.ts';

const execute = promisify(execFile);

/** What the pages of Debian's package use. */
const PARTS_OF_PAGES = [
  'fonts-glyphicons-halflings',
  'libjs-bootstrap4',
  'libjs-d3',
  'libjs-eonasdan-bootstrap-datetimepicker',
  'libjs-jquery',
  'libjs-jquery-hotkeys',
  'libjs-moment',
  'libjs-moment-timezone',
  'libjs-mustache',
  'libjs-popper.js',
  'libjs-rickshaw',
];

const HOW = [
  '  Debian, Ubuntu: sudo apt-get install prometheus',
  '  macOS:          brew install prometheus',
].join('\n');

export interface PrometheusOptions extends ServerOptions {
  /** The address of each service's metrics, as host:port. */
  readonly targets: Partial<Record<ServiceName, string>>;
  /** Files with rules. */
  readonly rules: readonly string[];
  /** How often metrics are read and rules evaluated, in seconds. */
  readonly intervalS: number;
}

/** Reads the metrics of the suite, and evaluates the rules of its alerts. */
export function prometheus(options: PrometheusOptions): Server {
  const url = `http://127.0.0.1:${options.port}`;
  return new Server(
    {
      name: 'Prometheus',
      command: () => prepare(options),
      output: { file: options.logFile },
      probe: () => askHealth(`${url}/-/ready`),
      readyWithinMs: 60_000,
      stopSignal: 'SIGTERM',
      stopWithinMs: 10_000,
      pidFile: options.pidFile,
    },
    url,
  );
}

/**
 * A program of Prometheus: the one on PATH, or else that of Debian's package.
 * @throws SetupError with installation instructions if there is neither
 */
export async function prometheusProgram(name: 'prometheus' | 'promtool'): Promise<string> {
  if (await runs(name)) return name;
  try {
    const program = join(await debianPackage('prometheus', PARTS_OF_PAGES), 'bin', name);
    await execute(program, ['--version']);
    return program;
  } catch (error) {
    throw new SetupError(`There is no ${name} on PATH. ${messageOf(error)}\nInstall it:\n${HOW}`, {
      cause: error,
    });
  }
}

async function prepare(options: PrometheusOptions): Promise<Command> {
  const { directory, port, targets, rules, intervalS } = options;
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'prometheus.json'); // JSON is YAML
  const configuration = {
    global: { scrape_interval: `${intervalS}s`, evaluation_interval: `${intervalS}s` },
    rule_files: rules,
    scrape_configs: [
      {
        job_name: 'equipment-rental',
        metrics_path: '/actuator/prometheus',
        static_configs: Object.entries(targets).map(([app, target]) => ({
          targets: [target],
          labels: { app },
        })),
      },
    ],
  };
  await writeFile(file, JSON.stringify(configuration));
  const executable = await prometheusProgram('prometheus');
  const pages = resolve(executable, '../../share/prometheus/web');
  return {
    executable,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      ...(executable === 'prometheus' ? [] : [`--web.local-assets=${pages}/`]),
    ],
    cwd: directory,
  };
}

const runs = (program: string): Promise<boolean> =>
  execute(program, ['--version']).then(
    () => true,
    () => false,
  );

import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  events,
  isEventType,
  isPublishingService,
  isStatefulService,
  SERVICES,
  topology,
  type EventType,
  type ServiceName,
  type Topic,
} from '@equipmgnt/contracts';
import { REPOSITORY } from '@equipmgnt/testing';
import { parse } from 'yaml';

const read = (file: string) => readFile(join(REPOSITORY, file), 'utf8');

/** The texts of all TypeScript files in a folder of a service, without specs. */
async function sourcesIn(service: ServiceName, folder: string): Promise<string[]> {
  const root = join(REPOSITORY, service === 'gateway' ? service : `services/${service}`);
  const sources: string[] = [];
  for await (const file of glob(`${folder}/**/*.ts`, { cwd: root })) {
    if (!file.endsWith('.spec.ts')) sources.push(await readFile(join(root, file), 'utf8'));
  }
  return sources;
}

const eventTypesIn = (text: string): EventType[] =>
  [...text.matchAll(/'(equipmgnt\.\w+\.v\d+)'/g)]
    .map(([, type]) => String(type))
    .filter(isEventType);

/** The event types in the @EventPattern decorators of a service; a constant is resolved. */
async function consumedEvents(service: ServiceName): Promise<EventType[]> {
  const all = (await sourcesIn(service, 'src')).join('\n');
  const patterns = [...all.matchAll(/@EventPattern\(([^)]*)\)/g)].map(([, text]) => String(text));
  return patterns.flatMap((argument) => {
    if (!/^\w+$/.test(argument)) return eventTypesIn(argument);
    const [definition] = new RegExp(`const ${argument}\\b[^;]*;`).exec(all) ?? [''];
    return eventTypesIn(definition);
  });
}

const topicsOf = (types: readonly EventType[]): Topic[] =>
  [...new Set(types.map((type) => events[type].topic))].sort();

/** The services whose URL is in an environment, such as ORDER_URL. */
const calledIn = (environment: Record<string, unknown>): string[] =>
  SERVICES.filter((service) => `${service.toUpperCase()}_URL` in environment).sort();

interface ComposeFile {
  readonly services: Record<
    string,
    { readonly image: string; readonly environment: Record<string, string> }
  >;
}

describe('The topology', () => {
  describe.each(SERVICES)('of %s', (service) => {
    it('reads the topics of the events that its consumers handle', async () => {
      expect(topicsOf(await consumedEvents(service))).toEqual([...topology[service].reads].sort());
    });

    it('publishes on the topic of the events that it writes', async () => {
      const written = (await sourcesIn(service, 'src')).some((source) =>
        /publishes: true/.test(source),
      );
      expect(written).toBe(isPublishingService(service));
    });

    it('is the same in docker-compose.yml', async () => {
      const { services } = parse(await read('docker-compose.yml'), { merge: true }) as ComposeFile;
      const environment = services[service]?.environment ?? {};
      expect(calledIn(environment)).toEqual([...topology[service].calls].sort());
      const engine = environment['DATABASE_URL']?.split(':')[0]?.replace('mysql', 'mariadb');
      expect(engine).toBe(isStatefulService(service) ? topology[service].database : undefined);
      expect('KAFKA_BROKERS' in environment).toBe(isStatefulService(service));
    });
  });

  it('has the services that docker-compose.yml builds', async () => {
    const { services } = parse(await read('docker-compose.yml'), { merge: true }) as ComposeFile;
    const built = Object.keys(services).filter((name) =>
      services[name]?.image.startsWith('equipmgnt-'),
    );
    expect(built.sort()).toEqual([...SERVICES, 'issuer', 'ops'].sort());
  });

  it('has the services of k8s/base', async () => {
    const { resources } = parse(await read('k8s/base/kustomization.yaml')) as {
      resources: string[];
    };
    const others = ['namespace', 'network-policies', 'ops'];
    const deployed = resources.map((name) => name.replace(/\.yaml$/, ''));
    expect(deployed.filter((name) => !others.includes(name)).sort()).toEqual([...SERVICES].sort());
  });

  it('has the services that the pipeline deploys', async () => {
    const script = await read('tools/delivery/pipeline/environment.sh');
    const [, names = ''] = /^export SERVICES='([^']*)'$/m.exec(script) ?? [];
    expect(names.split(' ').sort()).toEqual([...SERVICES].sort());
  });

  it('has the topics of all events, each with one publisher', () => {
    const publishers = SERVICES.filter(isPublishingService).map(
      (service) => topology[service].publishes,
    );
    expect([...publishers].sort()).toEqual(topicsOf(Object.keys(events) as EventType[]));
  });
});

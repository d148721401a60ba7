import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const read = (file: string) => readFileSync(resolve(import.meta.dirname, '../../..', file), 'utf8');

const sorted = (entries: Iterable<readonly string[]>) =>
  Object.fromEntries([...entries].map(([, name, value]) => [name, value] as const).sort());

describe('docker-compose.yml', () => {
  it('uses the variables and defaults that .env.example lists', () => {
    const taken = sorted(read('docker-compose.yml').matchAll(/\$\{(\w+):-([^}]*)\}/g));
    const listed = sorted(read('.env.example').matchAll(/^(\w+)=(.*)$/gm));
    expect(Object.keys(taken)).toContain('ORDER_DATABASE_PASSWORD');
    expect(listed).toEqual(taken);
  });

  it('gives a variable the same default everywhere', () => {
    const all = [...read('docker-compose.yml').matchAll(/\$\{(\w+):-([^}]*)\}/g)];
    const defaults = new Map(all.map(([, name, value]) => [name, value]));
    expect(all.filter(([, name, value]) => defaults.get(name) !== value)).toEqual([]);
  });

  it('takes every image from a registry by a variable, with the same base as the Dockerfile', () => {
    const images = [...read('docker-compose.yml').matchAll(/^ +image: (.*)$/gm)].map(
      ([, it]) => it,
    );
    const own = images.filter((image) => !image?.startsWith('equipmgnt-'));
    expect(own).toHaveLength(6);
    for (const image of own) expect(image).toMatch(/^\$\{\w+_IMAGE:-\S+\}$/);
    const bases = ['docker-compose.yml', 'Dockerfile', 'buildspec.yml'].map(
      (file) => /NODE_IMAGE(?:=|: (?:\$\{NODE_IMAGE:-)?)([\w:.-]+)/.exec(read(file))?.[1],
    );
    expect(new Set(bases)).toEqual(new Set(['node:24-bookworm-slim']));
    for (const file of ['Dockerfile', 'k8s/load/Dockerfile']) {
      const from = [...read(file).matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
      expect(from[0]).toMatch(/^\$\{\w+_IMAGE\}$/);
      expect(from.slice(1).filter((image) => image?.includes(':'))).toEqual([]);
    }
  });
});

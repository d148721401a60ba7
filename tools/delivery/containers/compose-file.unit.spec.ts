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
});

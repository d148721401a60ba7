import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { oldWords } from './denylist.ts';

export interface Finding {
  /** Counted from 1. */
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

const FILES = /\.(ts|mjs|js|sh|md|ya?ml|json)$|(^|\/)(Dockerfile|\.env\.example)$/;
/** The lock file is generated; the other two contain the old words on purpose. */
const EXCEPT = /^(package-lock\.json$|docs\/glossary\.md$|tools\/language\/)/;

/** The old words in a text, in the order of its lines. */
export function findOldWords(text: string): Finding[] {
  return text
    .split('\n')
    .flatMap((content, index) =>
      oldWords.flatMap(({ pattern, instead }) =>
        [...content.matchAll(pattern)].map(([found]) => ({ line: index + 1, found, instead })),
      ),
    );
}

export const isChecked = (path: string): boolean => FILES.test(path) && !EXCEPT.test(path);

/** The files of the repository, without the folders that git ignores. Works without git as well. */
function filesIn(root: string): string[] {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .flatMap((line) => (line.endsWith('/') ? [line.slice(0, -1)] : []));
  const skipped = new Set(['.git', ...ignored]);
  return globSync('**/*', { cwd: root, exclude: (path) => skipped.has(basename(path)) }).sort();
}

/** Prints a line for each old word. @returns how many there are */
function checkRepository(root: string): number {
  const lines = filesIn(root)
    .filter(isChecked)
    .flatMap((path) =>
      // the name of the file is checked as line 0
      findOldWords(`${path}\n${readFileSync(join(root, path), 'utf8')}`).map(
        ({ line, found, instead }) => `${path}:${line - 1}: "${found}"; use instead: ${instead}`,
      ),
    );
  for (const line of lines) process.stdout.write(`${line}\n`);
  return lines.length;
}

if (import.meta.main) {
  const count = checkRepository(dirname(dirname(import.meta.dirname)));
  if (count > 0) {
    process.stdout.write(`${count} old words. docs/glossary.md lists the words that we use.\n`);
    process.exitCode = 1;
  }
}

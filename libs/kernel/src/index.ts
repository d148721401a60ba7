export { Clock } from './clock.ts';
export { DomainError, type ErrorKind } from './domain-error.ts';
export type { Page, PageRequest, SortKey } from './page.ts';

export { Clock } from './clock.ts';
export { DomainError, existing, type ErrorKind } from './domain-error.ts';
export type { Page, PageRequest, SortKey } from './page.ts';
export { updateUntilSaved } from './update-until-saved.ts';

export { Clock } from './clock.ts';
export { DomainError, existing, NotYet, type ErrorKind } from './domain-error.ts';
export type { CursorValue, Page, PageRequest, SortKey } from './page.ts';
export { fingerprintOf, requireSameRequest, type RequestKey } from './request-key.ts';
export { updateUntilSaved } from './update-until-saved.ts';

import { QueryFailedError } from 'typeorm';
import { isTransient, isOutcomeUnknown } from './errors.ts';

const failed = (details: { code?: string; syscall?: string; message?: string }) =>
  new QueryFailedError('INSERT', [], Object.assign(new Error(details.message ?? 'no'), details));

describe('A database error', () => {
  it.each([
    { code: 'ECONNREFUSED', syscall: 'connect' },
    { code: 'ETIMEDOUT', syscall: 'connect' },
    { message: 'timeout exceeded when trying to connect' },
    { message: 'Connection terminated due to connection timeout' },
    { code: '40001' },
    { code: '57014' },
  ])('is transient and has stored nothing: %j', (details) => {
    expect(isTransient(failed(details))).toBe(true);
    expect(isOutcomeUnknown(failed(details))).toBe(false);
  });

  it.each([
    { code: 'ECONNRESET', syscall: 'read' },
    { code: 'ETIMEDOUT' },
    { code: '57P01' },
    { message: 'Connection terminated unexpectedly' },
    { message: 'Connection terminated' },
  ])('is transient and may have stored the data: %j', (details) => {
    expect(isTransient(failed(details))).toBe(true);
    expect(isOutcomeUnknown(failed(details))).toBe(true);
  });
});

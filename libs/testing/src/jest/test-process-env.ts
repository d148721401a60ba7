/**
 * The configuration of services that run inside the test process. They share the event loop with
 * the test runner, which can block it for a second while it compiles files. That must not count as
 * overload, for which a service rejects requests.
 */
export const testProcessEnv = { LOG_LEVEL: 'silent', MAX_EVENT_LOOP_DELAY_MS: '60000' };

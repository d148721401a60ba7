/**
 * What services are configured with that run inside the test process. They share its event loop with
 * the test runner, whose compiling and collecting of garbage may hold it for a second: that is no
 * load, and must not be refused for.
 */
export const testProcessEnv = { LOG_LEVEL: 'silent', MAX_EVENT_LOOP_DELAY_MS: '60000' };

/** Stops what the global setup has started, and deletes its data. */
export default async function teardown(): Promise<void> {
  await globalThis.testInfrastructure?.remove();
}

/** Stops the servers of the global setup and deletes their data. */
export default async function teardown(): Promise<void> {
  await globalThis.testInfrastructure?.remove();
}

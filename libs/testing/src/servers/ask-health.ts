/** @throws Error when the address does not answer with success */
export async function askHealth(address: string): Promise<void> {
  const answer = await fetch(address);
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
}

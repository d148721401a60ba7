/**
 * Makes process 1 of a container hang: SIGUSR1 opens its inspector, which starts an
 * endless loop. A SIGSTOP from inside the container has no effect on its process 1.
 */
export const HANG = `
process.kill(Number(process.argv[1] ?? 1), 'SIGUSR1');
const inspector = async (attempt = 0) => {
  try {
    return (await (await fetch('http://127.0.0.1:9229/json')).json())[0].webSocketDebuggerUrl;
  } catch (error) {
    if (attempt === 50) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return inspector(attempt + 1);
  }
};
const socket = new WebSocket(await inspector());
socket.onopen = () => {
  const params = { expression: 'for (;;);' };
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
  setTimeout(() => process.exit(), 500);
};`;

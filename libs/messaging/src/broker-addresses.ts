import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory, KafkaConfig } from 'kafkajs';

const IPV6 = /^\[(.+)\]:(\d+)$/;
const KEEP_ALIVE_MS = 60_000;

/**
 * The options of kafkajs for brokers at some addresses. kafkajs splits an address at its first colon, so an
 * IPv6 address gets a name, which the sockets translate back.
 * @param addresses such as `kafka-0:9092` or `[::1]:9092`
 */
export function brokersAt(
  addresses: readonly string[],
): Pick<KafkaConfig, 'brokers'> & { socketFactory: ISocketFactory } {
  const hosts = new Map<string, string>();
  const brokers = addresses.map((address, index) => {
    const [, host, port] = IPV6.exec(address) ?? [];
    if (host === undefined) return address;
    hosts.set(`ipv6-${index}.invalid`, host);
    return `ipv6-${index}.invalid:${port}`;
  });
  const socketFactory: ISocketFactory = ({ host: name, port, ssl, onConnect }) => {
    const host = hosts.get(name) ?? name;
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect);
    return socket.setKeepAlive(true, KEEP_ALIVE_MS);
  };
  return { brokers, socketFactory };
}

import { createServers, provision, LOCAL, type Connections } from '@equipmgnt/testing';
import type { Settings } from '../settings.ts';

/**
 * The servers of the suite: embedded ones, or those whose URLs are in the environment.
 * @param note receives messages about the embedded servers, for the user
 */
export function localServers({ external, serverPorts }: Settings, note: (text: string) => void) {
  const { postgres, mariadb, kafka } = createServers(LOCAL, serverPorts, note);
  const { postgresUrl, mariadbUrl, kafkaBrokers = kafka.url } = external;
  return {
    /** The servers that `npm start` starts and stops, in the order of their start. */
    embedded: [
      ...(postgresUrl ? [] : [postgres]),
      ...(mariadbUrl ? [] : [mariadb]),
      ...(external.kafkaBrokers ? [] : [kafka]),
    ],
    /** The name and address of each server. */
    addresses: [
      [postgres.name, postgresUrl ? withoutCredentials(postgresUrl) : postgres.url],
      [mariadb.name, mariadbUrl ? withoutCredentials(mariadbUrl) : mariadb.url],
      [kafka.name, kafkaBrokers],
    ] as const,
    /** Creates the databases and users of the services unless they exist. The servers must run. */
    provision: async (): Promise<Connections> => ({
      databases: await provision({
        postgresUrl: postgresUrl ?? postgres.url,
        mariadbUrl: mariadbUrl ?? mariadb.url,
      }),
      kafkaBrokers,
    }),
  };
}

/** Removes user and password from the address of an external server before it is printed. */
function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

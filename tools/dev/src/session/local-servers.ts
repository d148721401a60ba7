import { createServers, provision, type Server, LOCAL, type Connections } from '@equipmgnt/testing';
import type { Settings } from '../settings.ts';

/** The servers of the suite: embedded ones, or those whose URLs are in the environment. */
export class LocalServers {
  /** The servers that `npm start` starts and stops, in the order of their start. */
  readonly embedded: readonly Server[];
  /** The name and address of each server. */
  readonly addresses: readonly (readonly [name: string, address: string])[];
  readonly #postgresUrl: string;
  readonly #mariadbUrl: string;
  readonly #kafkaBrokers: string;

  /** @param note receives messages about the embedded servers, for the user */
  constructor({ external, serverPorts }: Settings, note: (text: string) => void) {
    const { postgres, mariadb, kafka } = createServers(LOCAL, serverPorts, note);
    const { postgresUrl, mariadbUrl, kafkaBrokers } = external;
    this.#postgresUrl = postgresUrl ?? postgres.url;
    this.#mariadbUrl = mariadbUrl ?? mariadb.url;
    this.#kafkaBrokers = kafkaBrokers ?? kafka.url;
    this.embedded = [
      ...(postgresUrl ? [] : [postgres]),
      ...(mariadbUrl ? [] : [mariadb]),
      ...(kafkaBrokers ? [] : [kafka]),
    ];
    this.addresses = [
      [postgres.name, postgresUrl ? withoutCredentials(postgresUrl) : postgres.url],
      [mariadb.name, mariadbUrl ? withoutCredentials(mariadbUrl) : mariadb.url],
      [kafka.name, this.#kafkaBrokers],
    ];
  }

  /** Creates the databases and users of the services unless they exist. The servers must run. */
  async provision(): Promise<Connections> {
    const databases = await provision({
      postgresUrl: this.#postgresUrl,
      mariadbUrl: this.#mariadbUrl,
    });
    return { databases, kafkaBrokers: this.#kafkaBrokers };
  }
}

/** Removes user and password from the address of an external server before it is printed. */
function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

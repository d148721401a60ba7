import { createServers, provision, type Server, LOCAL, type Connections } from '@equipmgnt/testing';
import type { Settings } from '../settings.ts';

/** The servers that the suite uses: embedded ones, or those named by environment variables. */
export class LocalServers {
  /** Those that are started and stopped here, in the order in which to start them. */
  readonly embedded: readonly Server[];
  /** Where all are: name and address. */
  readonly addresses: readonly (readonly [name: string, address: string])[];
  readonly #postgresUrl: string;
  readonly #mariadbUrl: string;
  readonly #kafkaBrokers: string;

  /** @param note told what a person should know about the embedded servers */
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

  /** Makes the services' databases and users unless they are there. The servers must run. */
  async provision(): Promise<Connections> {
    const databases = await provision({
      postgresUrl: this.#postgresUrl,
      mariadbUrl: this.#mariadbUrl,
    });
    return { databases, kafkaBrokers: this.#kafkaBrokers };
  }
}

/** For showing the address of a server that is not ours. */
function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

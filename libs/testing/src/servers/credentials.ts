/**
 * The credentials of the embedded servers. They are not secret: the servers listen on 127.0.0.1
 * only and hold development data.
 */
export const POSTGRES_ADMINISTRATOR = { user: 'postgres', password: 'local' };

/** MariaDB's installer creates this account without a password. */
export const MARIADB_ADMINISTRATOR = { user: 'root' };

/** The password of a service's database user. */
export const passwordOf = (user: string): string => `${user}-local`;

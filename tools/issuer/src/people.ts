/** Someone who can sign in at the development issuer. */
interface Person {
  readonly name: string;
  readonly roles: readonly string[];
}

/** By their ids, which are also their passwords. */
export const PEOPLE: Readonly<Record<string, Person>> = {
  manager: { name: '김매니저', roles: ['manager'] },
  employee: { name: '이사원', roles: ['employee'] },
  employee2: { name: '박사원', roles: ['employee'] },
  operator: { name: '운영자', roles: ['operator'] },
};

/** The audience of its tokens. */
export const AUDIENCE = 'equipment-rental';

/** The client of the gateway, for sign-in with a browser. It has no secret. */
export const BROWSER_CLIENT = 'rental-web';

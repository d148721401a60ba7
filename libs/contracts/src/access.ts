/** Who uses the suite. Each role may also do what the roles before it may. */
export const ROLES = ['employee', 'manager', 'operator'] as const;

export type Role = (typeof ROLES)[number];

/** What a route requires: a role, or nothing. */
export type Access = Role | 'anyone';

/**
 * The role that each route of the services requires. An employee sees and changes only the own orders,
 * and the own rows of the view; another's does not exist for an employee.
 *
 * Anyone in the mesh may send POST /approvals, because it has no effect alone: only an order that its
 * own service has published is approved. The gateway does not forward it.
 */
export const ACCESS = {
  'GET /equipments': 'employee',
  'GET /equipments/:id': 'employee',
  'POST /equipments': 'manager',
  'GET /orders': 'employee',
  'GET /orders/:id': 'employee',
  'POST /orders': 'employee',
  'PATCH /orders/:id': 'employee',
  'GET /approvals': 'manager',
  'GET /approvals/:id': 'manager',
  'POST /approvals': 'anyone',
  'GET /mis': 'employee',
  'GET /mis/:id': 'employee',
  'GET /openapi.json': 'anyone',
  // only the gateway has these
  'GET /asyncapi.json': 'anyone',
  'GET /docs': 'anyone',
  'GET /docs/*': 'anyone',
  'GET /ops': 'anyone',
  'GET /ops/ops.js': 'anyone',
  'GET /ops/ops.css': 'anyone',
  'GET /ops/state': 'operator',
  'GET /ops/events': 'operator',
  'GET /auth/sign-in': 'anyone',
  'GET /auth/callback': 'anyone',
  'POST /auth/sign-out': 'anyone',
} as const satisfies Record<`${'GET' | 'POST' | 'PATCH'} /${string}`, Access>;

/** Whether one of the roles is the required one, or includes it. */
export const includesRole = (roles: readonly Role[], required: Role): boolean =>
  roles.some((role) => ROLES.indexOf(role) >= ROLES.indexOf(required));

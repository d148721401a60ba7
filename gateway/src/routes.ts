import type { GatewayConfig } from './gateway.config.ts';

/** The paths that go to one service. */
export interface Route {
  readonly service: string;
  readonly url: string;
  /** Path prefixes of the gateway, each with the prefix that replaces it at the service. */
  readonly prefixes: Readonly<Record<string, string>>;
  /** The methods that clients may use; all of them, when it is absent. */
  readonly methods?: readonly string[];
}

export const routesOf = (config: GatewayConfig): Route[] => [
  { service: 'order', url: config.ORDER_URL, prefixes: { '/orders': '/orders' } },
  {
    service: 'approval',
    url: config.APPROVAL_URL,
    prefixes: { '/approvals': '/approvals' },
    // order calls POST /approvals directly; clients only read
    methods: ['GET', 'HEAD'],
  },
  {
    service: 'equipment',
    url: config.EQUIPMENT_URL,
    // Both work: the documentation of the original says /equipments, its gateway /equipment.
    prefixes: { '/equipments': '/equipments', '/equipment': '/equipments' },
  },
  { service: 'mis', url: config.MIS_URL, prefixes: { '/mis': '/mis' } },
];

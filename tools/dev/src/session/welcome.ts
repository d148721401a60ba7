import { styleText } from 'node:util';

export interface WelcomeFacts {
  /** The name and address of each process. */
  readonly addresses: readonly (readonly [name: string, address: string])[];
  /** The URL of the gateway, for the example requests. */
  readonly gatewayUrl: string;
  /** Whether npm run token gives a token that the services accept. */
  readonly hasTokens: boolean;
  readonly logFolder: string;
  readonly seconds: number;
}

/** The text after the start: the address of each process, and example requests. */
export function welcome(facts: WelcomeFacts): string {
  const { addresses, gatewayUrl, hasTokens, logFolder, seconds } = facts;
  const width = Math.max(...addresses.map(([name]) => name.length));
  const table = addresses.map(([name, address]) => `  ${name.padEnd(width)}  ${address}`);
  const json = '-H content-type:application/json';
  const body = (content: object) => `${json} -d '${JSON.stringify(content)}'`;
  return [
    '',
    styleText('bold', `The suite is up after ${seconds.toFixed(1)} s.`),
    '',
    ...table,
    '',
    styleText('bold', 'Try in another terminal:'),
    `  curl -i ${gatewayUrl}/equipments ${body({ stock: 10 })}`,
    `  curl -i ${gatewayUrl}/orders ${body({ qty: 2, equipmentId: 1 })}`,
    `  curl ${gatewayUrl}/orders/1`,
    `  curl ${gatewayUrl}/mis/1`,
    `  curl -X PATCH ${gatewayUrl}/orders/1 ${body({ status: 'CANCELLED' })}`,
    '  npm run scenario',
    '',
    'Sign-in is optional here: requests without a token may do everything.',
    ...(hasTokens
      ? [
          'As an employee:',
          `  curl ${gatewayUrl}/orders -H "authorization: Bearer $(npm run --silent token -- --as employee)"`,
        ]
      : []),
    '',
    `Ctrl-C stops all processes. Data are kept until npm run reset. Server logs: ${logFolder}`,
    '',
  ].join('\n');
}

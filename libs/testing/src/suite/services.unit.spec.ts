import { environmentOf } from './services.ts';
import { noConnections } from './fake-services.ts';

describe('environmentOf', () => {
  const urlOf = (service: string) => `http://${service}`;

  it('gives a service its own database and the brokers', () => {
    expect(environmentOf('mis', noConnections, urlOf)).toEqual({
      DATABASE_URL: noConnections.databases.mis,
      KAFKA_BROKERS: noConnections.kafkaBrokers,
    });
  });

  it('gives the gateway the services, and no database', () => {
    expect(environmentOf('gateway', noConnections, urlOf)).toEqual({
      ORDER_URL: 'http://order',
      APPROVAL_URL: 'http://approval',
      EQUIPMENT_URL: 'http://equipment',
      MIS_URL: 'http://mis',
    });
  });

  it('leaves out the URL of a service that is not part of the suite', () => {
    expect(environmentOf('order', noConnections, () => undefined)).not.toHaveProperty(
      'APPROVAL_URL',
    );
  });
});

import { faultOf } from './target.ts';

describe('A path that the gateway forwards', () => {
  it.each([
    '/orders',
    '/orders/',
    '/orders/1',
    '/orders/1.5',
    '/orders/a%20b%2Fc',
    '/orders/%EC%9E%A5%EB%B9%84',
    '/orders/%252e%252e/x', // no service decodes it a second time
  ])('can be %s', (path) => expect(faultOf(path, '/orders')).toBeUndefined());

  it.each([
    ['/%6frders/1', 'start with exactly /orders'],
    ['/ordersx', 'start with exactly /orders'],
    ['/orders#x', 'start with exactly /orders'],
    [String.raw`/orders/\..\..\actuator/prometheus`, 'backslash'],
    ['/orders/%5c..%5c..%5cactuator', 'backslash'],
    ['/orders/./1', 'dots'],
    ['/orders/%2e%2E/x', 'dots'],
    ['/orders/.%2e', 'dots'],
    ['/orders/..%2fx', 'dots'],
    ['/orders/x%2f..', 'dots'],
    ['/orders/#../x', 'dots'],
    ['/orders/..x', 'dots'],
    ['/orders/%zz', 'percent-encoding'],
    ['/orders/%ff', 'percent-encoding'],
  ])('cannot be %s', (path, fault) => expect(faultOf(path, '/orders')).toContain(fault));
});

import type { KafkaMessage } from 'kafkajs';
import { fromMessage, toMessage, Unprocessable, type StoredEvent } from './cloud-event.ts';

const stored: StoredEvent = {
  eventId: '0b6c1d9e-0000-4000-8000-000000000001',
  type: 'equipmgnt.Ordered.v1',
  key: '5',
  data: '{"orderId":5,"equipmentId":1,"qty":2}',
  occurredAt: new Date('2026-01-02T03:04:05.678Z'),
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

/** The message as a broker delivers it. */
const received = (event: StoredEvent, change: Partial<KafkaMessage> = {}): KafkaMessage => {
  const { key, value, headers = {} } = toMessage('/order', event);
  return {
    key: Buffer.from(String(key)),
    value: Buffer.from(String(value)),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))]),
    ),
    timestamp: '1700000000000',
    offset: '42',
    attributes: 0,
    ...change,
  } as KafkaMessage;
};

const codeOf = (message: KafkaMessage, topic = 'equipmgnt.order') => {
  try {
    fromMessage(topic, message);
    return 'accepted';
  } catch (error) {
    return error instanceof Unprocessable ? error.code : error;
  }
};

describe('A CloudEvent in binary mode', () => {
  it('has its attributes in headers and its data in the value', () => {
    expect(toMessage('/order', stored)).toEqual({
      key: '5',
      value: stored.data,
      headers: {
        ce_specversion: '1.0',
        ce_id: stored.eventId,
        ce_source: '/order',
        ce_type: 'equipmgnt.Ordered.v1',
        ce_time: '2026-01-02T03:04:05.678Z',
        ce_subject: '5',
        'content-type': 'application/json',
        traceparent: stored.traceparent,
      },
    });
  });

  it('is read back as it was written', () => {
    expect(fromMessage('equipmgnt.order', received(stored))).toEqual({
      id: stored.eventId,
      type: stored.type,
      key: '5',
      data: { orderId: 5, equipmentId: 1, qty: 2 },
      time: stored.occurredAt,
      traceparent: stored.traceparent,
    });
  });

  it('may have unknown fields, which are dropped', () => {
    const data = '{"orderId":5,"equipmentId":1,"qty":2,"colour":"blue"}';
    expect(fromMessage('equipmgnt.order', received({ ...stored, data }))?.data).toEqual({
      orderId: 5,
      equipmentId: 1,
      qty: 2,
    });
  });

  it.each([
    ['NO_TYPE', { headers: {} }],
    ['UNKNOWN_TYPE', { headers: { ce_type: Buffer.from('other.Ordered.v2') } }],
    ['UNKNOWN_TYPE', { headers: { ce_type: Buffer.from('equipmgnt.Ordered') } }],
    ['UNKNOWN_TYPE', { headers: { ce_type: Buffer.from('toString') } }],
    ['BAD_JSON', { value: Buffer.from('{"orderId":') }],
    ['BAD_JSON', { value: null }],
    ['BAD_DATA', { value: Buffer.from('{"orderId":5}') }],
    ['BAD_DATA', { value: Buffer.from('{"orderId":"5","equipmentId":1,"qty":2}') }],
    ['BAD_DATA', { value: Buffer.from('null') }],
  ])('is rejected with %s when it has %j', (code, change) => {
    expect(codeOf(received(stored, change as Partial<KafkaMessage>))).toBe(code);
  });

  it.each(['equipmgnt.Ordered.v2', 'equipmgnt.OrderNoted.v1'])(
    'is skipped when another version publishes it: %s',
    (type) => {
      const headers = { ce_type: Buffer.from(type) };
      expect(fromMessage('equipmgnt.order', received(stored, { headers }))).toBeUndefined();
    },
  );

  it('is rejected on the topic of another service', () => {
    expect(codeOf(received(stored), 'equipmgnt.approval')).toBe('WRONG_TOPIC');
  });

  it('names the invalid fields in the error', () => {
    const message = received(stored, { value: Buffer.from('{"orderId":5,"equipmentId":0}') });
    expect(() => fromMessage('equipmgnt.order', message)).toThrow(/equipmentId: .*; qty: /);
  });
});

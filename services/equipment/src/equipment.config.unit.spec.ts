import { readConfig } from '@equipmgnt/runtime';
import { defaultsFrom, equipmentConfig } from './equipment.config.ts';

const read = (environment: Record<string, string>) =>
  readConfig(equipmentConfig, {
    DATABASE_URL: 'postgres://database:5432/equipment',
    KAFKA_BROKERS: 'kafka:9092',
    ...environment,
  });

describe('The default category and region of equipment', () => {
  it('are trimmed and in NFC', () => {
    expect(read({ EQUIPMENT: ' camera\n' }).EQUIPMENT).toBe('camera');
    expect(read({ CATEGORY: '서울'.normalize('NFD') }).CATEGORY).toBe('서울');
  });

  it('come from variables named EQUIPMENT and CATEGORY', () => {
    const config = read({ EQUIPMENT: 'camera', CATEGORY: 'Seoul' });
    expect(defaultsFrom(config)).toEqual({ category: 'camera', region: 'Seoul' });
    expect(defaultsFrom(read({}))).toEqual({});
  });

  it.each(['two\nlines', ' ', 'x'.repeat(201), '\u200B', 'a\u202Eb'])('cannot be %j', (text) => {
    expect(() => read({ CATEGORY: text })).toThrow(
      /^CATEGORY: expected one line of 1 to 200 characters; it has .*, got /s,
    );
  });
});

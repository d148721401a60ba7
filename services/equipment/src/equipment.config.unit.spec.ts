import { readConfig } from '@equipmgnt/runtime';
import { equipmentConfig } from './equipment.config.ts';

const read = (environment: Record<string, string>) =>
  readConfig(equipmentConfig, {
    DATABASE_URL: 'postgres://database:5432/equipment',
    KAFKA_BROKERS: 'kafka:9092',
    ...environment,
  });

describe("Equipment's category and region", () => {
  it('may have spaces around, as from a file', () => {
    expect(read({ EQUIPMENT: ' camera\n' }).EQUIPMENT).toBe('camera');
  });

  it.each(['two\nlines', ' ', 'x'.repeat(201)])('cannot be %j', (text) => {
    expect(() => read({ CATEGORY: text })).toThrow(
      /^CATEGORY: expected one line of 1 to 200 characters, got /,
    );
  });
});

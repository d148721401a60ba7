import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * MariaDB counts code points, and a detail of equipment has up to 200 characters of several code points:
 * equipment accepts ten times as many code points as characters.
 */
export class WidenDetails1700000000002 implements MigrationInterface {
  readonly name = 'WidenDetails1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await this.resize(runner, 2_000);
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.resize(runner, 200);
  }

  private async resize(runner: QueryRunner, codePoints: number): Promise<void> {
    await runner.query(`
      ALTER TABLE equipments
        MODIFY name     VARCHAR(${codePoints}) NULL,
        MODIFY category VARCHAR(${codePoints}) NULL,
        MODIFY region   VARCHAR(${codePoints}) NULL`);
  }
}

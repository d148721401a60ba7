import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMis1700000000001 implements MigrationInterface {
  readonly name = 'CreateMis1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    // MariaDB commits each of these statements by itself. A process that stops between them runs
    // this migration again from the start.
    //
    // Each time is the fact of one event. The database derives the status from them, so that events
    // can be stored in any order without a read. CANCELLED and REJECTED are final, so they win over
    // APPROVED, whatever is delivered later.
    await runner.query(`
      CREATE TABLE IF NOT EXISTS mis (
        order_id              BIGINT      NOT NULL PRIMARY KEY,
        equipment_id          BIGINT      NULL,
        qty                   INT         NULL,
        approval_id           BIGINT      NULL,
        reason                VARCHAR(100) NULL,
        ordered_at            DATETIME(3) NULL,
        cancelled_at          DATETIME(3) NULL,
        order_rejected_at     DATETIME(3) NULL,
        approved_at           DATETIME(3) NULL,
        approval_rejected_at  DATETIME(3) NULL,
        approval_cancelled_at DATETIME(3) NULL,
        stock_decreased_at    DATETIME(3) NULL,
        stock_increased_at    DATETIME(3) NULL,
        stock_rejected_at     DATETIME(3) NULL,
        status VARCHAR(10) AS (CASE
            WHEN cancelled_at IS NOT NULL THEN 'CANCELLED'
            WHEN order_rejected_at IS NOT NULL OR approval_rejected_at IS NOT NULL THEN 'REJECTED'
            WHEN approved_at IS NOT NULL THEN 'APPROVED'
            ELSE 'ORDERED' END) STORED,
        INDEX mis_status (status, order_id),
        INDEX mis_equipment (equipment_id, order_id)
      ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS equipments (
        id       BIGINT       NOT NULL PRIMARY KEY,
        name     VARCHAR(200) NULL,
        category VARCHAR(200) NULL,
        region   VARCHAR(200) NULL
      ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE equipments');
    await runner.query('DROP TABLE mis');
  }
}

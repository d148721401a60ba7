import { findPage, IdempotencyKeys, runPrepared } from '@equipmgnt/database';
import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Approvals, type FoundOrAdded } from '../../application/approvals.ts';
import type { Approval } from '../../domain/approval.ts';
import { approvalEntity, toApproval, type ApprovalRow } from './approval.rows.ts';
import * as sql from './statements.ts';

@Injectable()
export class PostgresApprovals extends Approvals {
  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
    private readonly keys: IdempotencyKeys,
  ) {
    super();
  }

  async findOrAdd(approval: Approval, key?: RequestKey): Promise<FoundOrAdded> {
    if (key) await this.keys.claim(key);
    const [row]: (ApprovalRow & { created: boolean })[] = await runPrepared(
      this.database,
      sql.FIND_OR_ADD,
      [toJson([approval])],
    );
    // A concurrent transaction added the row after this statement had started, so the statement
    // could neither add nor see it. The next one sees it.
    if (row === undefined) return this.findOrAdd(approval);
    return { approval: toApproval(row), created: row.created };
  }

  async ofOrders(orderIds: readonly number[]): Promise<Approval[]> {
    const rows: ApprovalRow[] = await runPrepared(this.database, sql.OF_ORDERS, [orderIds]);
    return rows.map(toApproval);
  }

  async find(id: number): Promise<Approval | undefined> {
    const [row]: ApprovalRow[] = await runPrepared(this.database, sql.FIND, [id]);
    return row && toApproval(row);
  }

  async save(approvals: readonly Approval[]): Promise<ReadonlySet<number>> {
    if (approvals.length === 0) return new Set();
    const facts = approvals.flatMap((approval) => approval.facts);
    const rows: { orderId: number }[] = await runPrepared(this.database, sql.SAVE, [
      toJson(approvals),
      eventsParameter(facts),
    ]);
    if (rows.length > 0) this.relay.nudge();
    return new Set(rows.map(({ orderId }) => orderId));
  }

  page(wanted: PageRequest): Promise<Page<Approval>> {
    return findPage(this.database.getRepository(approvalEntity), wanted, toApproval);
  }
}

/** The parameter of the statements that write. */
const toJson = (approvals: readonly Approval[]): string =>
  JSON.stringify(
    approvals.map(({ subject, state, confirmedAt, loaded }, seq) => ({
      seq,
      ...subject,
      ...state,
      confirmedAt,
      loadedStatus: loaded?.status,
      loadedConfirmed: loaded?.confirmed,
    })),
  );

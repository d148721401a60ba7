import { Batcher, findPage, IdempotencyKeys, runPrepared } from '@equipmgnt/database';
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
  private readonly additions = new Batcher((approvals: readonly Approval[]) =>
    this.findOrAddAll(approvals),
  );

  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
    private readonly keys: IdempotencyKeys,
  ) {
    super();
  }

  async findOrAdd(approval: Approval, key?: RequestKey): Promise<FoundOrAdded> {
    if (key) await this.keys.claim(key);
    return this.additions.run(approval);
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

  private async findOrAddAll(approvals: readonly Approval[]): Promise<FoundOrAdded[]> {
    const first = new Map(approvals.toReversed().map((each) => [each.subject.orderId, each]));
    const found = new Map<number, FoundOrAdded>();
    // A concurrent transaction may add a row after the statement has started, so that the statement can
    // neither add nor see it. The next one sees it.
    while (found.size < first.size) {
      const missing = [...first.values()].filter(({ subject }) => !found.has(subject.orderId));
      const rows = await runPrepared<ApprovalRow & { created: boolean }>(
        this.database,
        sql.FIND_OR_ADD,
        [toJson(missing)],
      );
      for (const row of rows)
        found.set(row.orderId, { approval: toApproval(row), created: row.created });
    }
    return approvals.map((each) => {
      const { approval, created } = found.get(each.subject.orderId) as FoundOrAdded;
      return { approval, created: created && first.get(each.subject.orderId) === each };
    });
  }
}

/** Sorted by order, so that two batches cannot deadlock at the unique index. */
const toJson = (approvals: readonly Approval[]): string =>
  JSON.stringify(
    approvals
      .toSorted((a, b) => a.subject.orderId - b.subject.orderId)
      .map(({ subject, state, confirmedAt, loaded }, seq) => ({
        seq,
        ...subject,
        ...state,
        confirmedAt,
        loadedStatus: loaded?.status,
        loadedConfirmed: loaded?.confirmed,
      })),
  );

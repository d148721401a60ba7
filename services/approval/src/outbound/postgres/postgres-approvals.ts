import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import type { Page, PageRequest } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Approvals, type Obtained } from '../../application/approvals.ts';
import type { Approval } from '../../domain/approval.ts';
import { approvalEntity, toApproval, type ApprovalRow } from './approval.entity.ts';
import * as sql from './statements.ts';

@Injectable()
export class PostgresApprovals extends Approvals {
  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
  ) {
    super();
  }

  async obtain(approvals: readonly Approval[]): Promise<Obtained[]> {
    const rows: (ApprovalRow & { created: boolean })[] = await this.write(sql.OBTAIN, approvals);
    if (rows.some(({ created }) => created)) this.relay.nudge();
    const obtained = rows.map((row) => ({ approval: toApproval(row), created: row.created }));
    // Made by somebody else just now, after this statement had begun: it can be seen by the next.
    const seen = new Set(rows.map(({ orderId }) => orderId));
    const unseen = approvals.filter(({ subject }) => !seen.has(subject.orderId));
    return unseen.length === 0 ? obtained : [...obtained, ...(await this.obtain(unseen))];
  }

  async ofOrders(orderIds: readonly number[]): Promise<Approval[]> {
    const rows: ApprovalRow[] = await this.database.query(sql.OF_ORDERS, [orderIds]);
    return rows.map(toApproval);
  }

  async find(id: number): Promise<Approval | undefined> {
    const [row]: ApprovalRow[] = await this.database.query(sql.FIND, [id]);
    return row && toApproval(row);
  }

  async save(approvals: readonly Approval[]): Promise<ReadonlySet<number>> {
    if (approvals.length === 0) return new Set();
    const rows: { orderId: number }[] = await this.write(sql.SAVE, approvals);
    if (rows.length > 0) this.relay.nudge();
    return new Set(rows.map(({ orderId }) => orderId));
  }

  async tell(approvals: readonly Approval[]): Promise<void> {
    if (approvals.length === 0) return;
    const facts = approvals.flatMap((approval) => approval.facts);
    await this.database.query(sql.TELL, [eventsParameter(facts)]);
    this.relay.nudge();
  }

  async page({ page, size, sort }: PageRequest): Promise<Page<Approval>> {
    const [rows, total] = await this.database.getRepository(approvalEntity).findAndCount({
      order: { [sort.property]: sort.direction, id: sort.direction },
      skip: page * size,
      take: size,
    });
    return { items: rows.map(toApproval), total };
  }

  private write<R>(statement: string, approvals: readonly Approval[]): Promise<R[]> {
    const changes = approvals.map(({ subject, state, loadedStatus }, seq) => ({
      seq,
      ...subject,
      ...state,
      was: loadedStatus,
    }));
    const facts = approvals.flatMap((approval) => approval.facts);
    return this.database.query(statement, [JSON.stringify(changes), eventsParameter(facts)]);
  }
}

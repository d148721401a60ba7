import { DomainError, type PageRequest } from '@equipmgnt/kernel';
import { MAX_QUANTITY, type ApprovalStatus } from '@equipmgnt/contracts';
import {
  byId,
  type FastifyReply,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  halResource,
  pageQuery,
  resourceId,
  wholeNumber,
} from '@equipmgnt/http';
import { Body, Controller, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { z } from 'zod';
import { Approvals } from '../../application/approvals.ts';
import { ObtainApprovals } from '../../application/obtain-approvals.ts';
import type { Approval } from '../../domain/approval.ts';
import { SlowDown } from './slow-down.ts';

const obtainApproval = z.strictObject({
  orderId: resourceId,
  equipmentId: resourceId,
  /** Units; the classic load test sends none, which counts as one. */
  qty: wholeNumber(1, MAX_QUANTITY).default(1),
  /** Only APPROVED: the original's order service sends it. */
  status: z.enum(['APPROVED'], { error: 'expected APPROVED, or nothing' }).optional(),
});

const listApprovals = pageQuery(['id', 'orderId', 'equipmentId', 'qty', 'status'], {});

/** An approval as the API shows it. Times are ISO 8601, in UTC. */
interface ApprovalBody {
  id: number;
  orderId: number;
  equipmentId: number;
  qty: number;
  status: ApprovalStatus;
  /** Why it was rejected: OUT_OF_STOCK or UNKNOWN_EQUIPMENT. */
  reason?: string;
}

@Controller('approvals')
export class ApprovalsController {
  constructor(
    private readonly obtaining: ObtainApprovals,
    private readonly approvals: Approvals,
    private readonly slowDown: SlowDown,
  ) {}

  /** 201 with a new approval; 200 with the one that its order has already, as that is. */
  @Post()
  async obtain(
    @Body({ schema: obtainApproval }) body: z.infer<typeof obtainApproval>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Hal<ApprovalBody>> {
    await this.slowDown.wait();
    const { orderId, equipmentId, qty } = body;
    const [obtained] = await this.obtaining.execute([{ orderId, equipmentId, qty }]);
    if (obtained === undefined) throw new Error(`order ${orderId} has got no approval`);
    const resource = approvalResource(request, obtained.approval);
    reply.code(obtained.created ? HttpStatus.CREATED : HttpStatus.OK);
    if (obtained.created) reply.header('location', resource._links['self']?.href);
    return resource;
  }

  @Get()
  async list(
    @Query({ schema: listApprovals }) wanted: PageRequest,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<ApprovalBody>> {
    const page = await this.approvals.page(wanted);
    return halPage(request, 'approvals', wanted, page, approvalResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Req() request: FastifyRequest,
  ): Promise<Hal<ApprovalBody>> {
    const approval = await this.approvals.find(id);
    if (approval) return approvalResource(request, approval);
    throw new DomainError('missing', 'no-such-approval', `There is no approval ${id}.`);
  }
}

function approvalResource(request: FastifyRequest, approval: Approval): Hal<ApprovalBody> {
  const { id, subject, state } = approval;
  if (id === undefined) throw new Error('an approval that was never saved has no resource');
  return halResource(
    request,
    'approval',
    'approvals',
    { id, ...subject, ...state },
    {
      order: `orders/${subject.orderId}`,
      equipment: `equipments/${subject.equipmentId}`,
    },
  );
}

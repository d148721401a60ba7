import {
  byId,
  type FastifyReply,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  IdempotencyKey,
} from '@equipmgnt/http';
import { existing, type PageRequest } from '@equipmgnt/kernel';
import { Body, Controller, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { z } from 'zod';
import { Approvals } from '../../application/approvals.ts';
import { ApproveOrder } from '../../application/approve-order.ts';
import { approveOrder, listApprovals } from './approvals.api.ts';
import { approvalResource, type ApprovalBody } from './approval.resource.ts';
import { SlowDown } from './slow-down.ts';

@Controller('approvals')
export class ApprovalsController {
  constructor(
    private readonly approveOrder: ApproveOrder,
    private readonly approvals: Approvals,
    private readonly slowDown: SlowDown,
  ) {}

  /** 201 with a new approval; 200 with the existing approval of the order, unchanged. */
  @Post()
  async approve(
    @Body({ schema: approveOrder }) body: z.infer<typeof approveOrder>,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Hal<ApprovalBody>> {
    await this.slowDown.wait();
    const { status: _, ...order } = body;
    const { approval, created } = await this.approveOrder.execute(order, key);
    const resource = approvalResource(request, approval);
    reply.code(created ? HttpStatus.CREATED : HttpStatus.OK);
    if (created) reply.header('location', resource._links['self']?.href);
    return resource;
  }

  @Get()
  async list(
    @Query({ schema: listApprovals }) query: PageRequest,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<ApprovalBody>> {
    const page = await this.approvals.page(query);
    return halPage(request, 'approvals', query, page, approvalResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Req() request: FastifyRequest,
  ): Promise<Hal<ApprovalBody>> {
    const approval = existing(await this.approvals.find(id), 'approval', id);
    return approvalResource(request, approval);
  }
}

import {
  byId,
  type FastifyReply,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  IdempotencyKey,
  onlyOwn,
  ownedBy,
  type Principal,
  refuseReadOnlyChanges,
  requesterOf,
  SignedIn,
} from '@equipmgnt/http';
import { existing, type PageRequest } from '@equipmgnt/kernel';
import {
  Body,
  Controller,
  Get,
  HttpStatus,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { z } from 'zod';
import { ChangeOrder } from '../../application/change-order.ts';
import { Orders } from '../../application/orders.ts';
import { PlaceOrder } from '../../application/place-order.ts';
import { changeOrder, listOrders, placeOrder } from './orders.api.ts';
import { orderResource, type OrderBody } from './order.resource.ts';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly changeOrder: ChangeOrder,
    private readonly orders: Orders,
  ) {}

  /** 201 with the approved or rejected order, or 202 while it waits for its approval. */
  @Post()
  async place(
    @Body({ schema: placeOrder }) body: z.infer<typeof placeOrder>,
    @IdempotencyKey() key: string | undefined,
    @SignedIn() principal: Principal | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Hal<OrderBody>> {
    const { status: _, ...wanted } = body;
    const order = await this.placeOrder.execute(wanted, requesterOf(principal), key);
    const resource = orderResource(request, order);
    reply
      .code(order.status === 'ORDERED' ? HttpStatus.ACCEPTED : HttpStatus.CREATED)
      .header('location', resource._links['self']?.href);
    return resource;
  }

  @Get()
  async list(
    @Query({ schema: listOrders }) query: PageRequest & { requester?: 'me' },
    @SignedIn() principal: Principal | undefined,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<OrderBody>> {
    const page = await this.orders.page(query, ownedBy(principal, query.requester));
    return halPage(request, 'orders', query, page, orderResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @SignedIn() principal: Principal | undefined,
    @Req() request: FastifyRequest,
  ): Promise<Hal<OrderBody>> {
    const [order] = await this.orders.find([id]);
    const visible = order?.isOf(onlyOwn(principal)) ? order : undefined;
    return orderResource(request, existing(visible, 'order', id));
  }

  @Patch(':id')
  async change(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Body({ schema: changeOrder }) { status, ...others }: z.infer<typeof changeOrder>,
    @SignedIn() principal: Principal | undefined,
    @Req() request: FastifyRequest,
  ): Promise<Hal<OrderBody>> {
    if (Object.keys(others).length > 0) {
      refuseReadOnlyChanges(others, await this.one({ id }, principal, request));
    }
    const order = await this.changeOrder.execute(id, status, onlyOwn(principal));
    return orderResource(request, order);
  }
}

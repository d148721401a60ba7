import { MAX_QUANTITY, type OrderDetails } from '@equipmgnt/contracts';
import {
  byId,
  type FastifyReply,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  IdempotencyKey,
  oneOf,
  pageQuery,
  refuseReadOnlyChanges,
  resourceId,
  wholeNumber,
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
import { ORDER_SORTS, Orders } from '../../application/orders.ts';
import { PlaceOrder } from '../../application/place-order.ts';
import { orderStatuses } from '../../domain/order.ts';
import { orderResource, type OrderBody } from './order.resource.ts';

const placeOrder = z.strictObject({
  /** Units. */
  qty: wholeNumber(1, MAX_QUANTITY),
  equipmentId: resourceId,
  /** Only ORDERED: every new order has this status. */
  status: oneOf(['ORDERED']).optional(),
} satisfies Record<keyof OrderDetails | 'status', z.ZodType>);

/** The other members of an order are read-only: a client may send them back, but not change them. */
const changeOrder = z.looseObject({
  status: oneOf(orderStatuses),
});

const listOrders = pageQuery(ORDER_SORTS, {});

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
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Hal<OrderBody>> {
    const { status: _, ...wanted } = body;
    const order = await this.placeOrder.execute(wanted, key);
    const resource = orderResource(request, order);
    reply
      .code(order.status === 'ORDERED' ? HttpStatus.ACCEPTED : HttpStatus.CREATED)
      .header('location', resource._links['self']?.href);
    return resource;
  }

  @Get()
  async list(
    @Query({ schema: listOrders }) query: PageRequest,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<OrderBody>> {
    const page = await this.orders.page(query);
    return halPage(request, 'orders', query, page, orderResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Req() request: FastifyRequest,
  ): Promise<Hal<OrderBody>> {
    const [order] = await this.orders.find([id]);
    return orderResource(request, existing(order, 'order', id));
  }

  @Patch(':id')
  async change(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Body({ schema: changeOrder }) { status, ...others }: z.infer<typeof changeOrder>,
    @Req() request: FastifyRequest,
  ): Promise<Hal<OrderBody>> {
    if (Object.keys(others).length > 0) {
      refuseReadOnlyChanges(others, await this.one({ id }, request));
    }
    return orderResource(request, await this.changeOrder.execute(id, status));
  }
}

import { existing, type PageRequest } from '@equipmgnt/kernel';
import {
  byId,
  type FastifyReply,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  IdempotencyKey,
} from '@equipmgnt/http';
import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { z } from 'zod';
import { Equipments } from '../../application/equipments.ts';
import { RegisterEquipment } from '../../application/register-equipment.ts';
import { listEquipments, registerEquipment } from './equipments.api.ts';
import { equipmentResource, type EquipmentBody } from './equipment.resource.ts';

@Controller('equipments')
export class EquipmentsController {
  constructor(
    private readonly registering: RegisterEquipment,
    private readonly equipments: Equipments,
  ) {}

  @Post()
  async register(
    @Body({ schema: registerEquipment }) body: z.infer<typeof registerEquipment>,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Hal<EquipmentBody>> {
    const equipment = await this.registering.execute(body, key);
    const resource = equipmentResource(request, equipment);
    reply.header('location', resource._links['self']?.href);
    return resource;
  }

  @Get()
  async list(
    @Query({ schema: listEquipments }) wanted: PageRequest,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<EquipmentBody>> {
    const page = await this.equipments.page(wanted);
    return halPage(request, 'equipments', wanted, page, equipmentResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Req() request: FastifyRequest,
  ): Promise<Hal<EquipmentBody>> {
    const equipment = existing(await this.equipments.find(id), 'equipment', id);
    return equipmentResource(request, equipment);
  }
}

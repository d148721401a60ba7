import type { Api } from './api.ts';

interface Order {
  id: number;
  equipmentId: number;
  qty: number;
  status: string;
  approvalId?: number;
}
type Approval = Order & { orderId: number };
interface Equipment {
  id: number;
  stock: number;
}

/**
 * Compares the answers of all services: orders with approvals, with the view of mis and with the
 * stock. Returns the differences; none when the suite is idle and consistent.
 * @param registered the initial stock of each equipment, by id
 */
export async function discrepancies(
  api: Api,
  registered: ReadonlyMap<number, number>,
): Promise<string[]> {
  const [orders, approvals, equipments, views] = await Promise.all([
    api.all<Order>('orders'),
    api.all<Approval>('approvals'),
    api.all<Equipment>('equipments'),
    api.all<Order>('mis'),
  ]);
  const approvalOf = new Map(approvals.map((approval) => [approval.orderId, approval]));
  const viewOf = new Map(views.map((view) => [view.id, view]));
  const found: string[] = [];

  for (const { id, status, equipmentId, qty } of orders) {
    const approval = approvalOf.get(id);
    if (status === 'ORDERED') found.push(`order ${id} is still ORDERED`);
    if ((status === 'APPROVED') !== (approval?.status === 'APPROVED')) {
      found.push(`order ${id} is ${status}, its approval ${approval?.status}`);
    }
    const view = viewOf.get(id);
    const expected = [id, equipmentId, qty, status, approval?.id].join(' ');
    const shown = [view?.id, view?.equipmentId, view?.qty, view?.status, view?.approvalId].join(
      ' ',
    );
    if (shown !== expected)
      found.push(`order ${id}: expected "${expected}" in mis, got "${shown}"`);
  }
  if (views.length !== orders.length)
    found.push(`${orders.length} orders, but ${views.length} in mis`);
  for (const { id, stock } of equipments) {
    const lent = orders
      .filter(({ status, equipmentId }) => status === 'APPROVED' && equipmentId === id)
      .reduce((sum, { qty }) => sum + qty, 0);
    const expected = (registered.get(id) ?? NaN) - lent;
    if (stock !== expected) found.push(`equipment ${id}: expected stock ${expected}, got ${stock}`);
  }
  return found;
}

import { compareOrder, describe as sentence } from './compare.ts';
import type { OrderRows, ViewRow } from './order-rows.ts';

const units = { equipmentId: 3, qty: 2 };
const view: ViewRow = {
  ...units,
  approvalId: 5,
  ordered: 1,
  cancelled: 0,
  obtained: 1,
  rejected: 0,
  cancelRequested: 0,
  decreased: 1,
  increased: 0,
  stockRejected: 0,
};
const approved: OrderRows = {
  order: { ...units, status: 'APPROVED', approvalId: 5 },
  approval: { ...units, id: 5, status: 'APPROVED', confirmed: true, obtained: true },
  out: { ...units, outcome: 'TAKEN' },
  view,
};
const compared = (rows: OrderRows) => [...compareOrder(17, rows)].map(sentence);

describe('compareOrder', () => {
  it('finds nothing in an order that all services agree on', () => {
    expect(compared(approved)).toEqual([]);
  });

  it('ignores an approval that no order has confirmed', () => {
    const approval = { ...units, id: 5, status: 'APPROVED', confirmed: false, obtained: false };
    expect(compared({ approval } as OrderRows)).toEqual([]);
  });

  it('accepts a cancelled order with or without ApprovalObtained, if the rows do not show it', () => {
    const cancelled = {
      order: { ...units, status: 'CANCELLED', approvalId: null },
      approval: { ...units, id: 5, status: 'CANCELLED', confirmed: true, obtained: null },
      out: { ...units, outcome: 'VOID' },
      in: { ...units, outcome: 'VOID' },
    } as const;
    for (const obtained of [0, 1]) {
      const shown = { ...view, cancelled: 1, cancelRequested: 1, obtained, decreased: 0 };
      expect(compared({ ...cancelled, view: shown })).toEqual([]);
    }
  });

  it('names other units and other approvals', () => {
    const rows = {
      ...approved,
      order: { ...approved.order!, approvalId: 6 },
      out: { ...approved.out!, qty: 1 },
    };
    expect(compared(rows)).toEqual([
      'order 17 differs: order: 2 of equipment 3, approval: 2 of equipment 3, ledger (OUT): 1 of equipment 3, mis: 2 of equipment 3',
      'order 17 differs: order: approval 6, approval: approval 5, mis: approval 5',
    ]);
  });

  it('reports an order that its owner has lost, once for each service that shows it', () => {
    const { order: _, ...lost } = approved;
    expect(compared(lost)).toEqual([
      'order does not have Ordered of order 17, which mis shows',
      'order does not have Ordered of order 17, which approval shows',
    ]);
  });
});

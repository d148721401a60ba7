import { Equipment } from './equipment.ts';
import { StockLedger, type StockRequest } from './stock-ledger.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const REQUEST: StockRequest = { orderId: 1, approvalId: 7, equipmentId: 3, qty: 2 };

const equipmentWith = (stock: number) =>
  new Equipment({ id: 3, details: { stock }, registeredAt: NOW });
const outcomes = (ledger: StockLedger) =>
  ledger.written.map(({ direction, outcome, qty }) => `${direction} ${outcome} ${qty}`);
const published = (ledger: StockLedger) => ledger.facts.map(({ type }) => type.split('.')[1]);

/** The ledger as a later transaction reads it. */
const reloaded = (ledger: StockLedger) => new StockLedger(ledger.written);

describe('StockLedger', () => {
  it('hands out units while there are enough', () => {
    const equipment = equipmentWith(2);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(0);
    expect(equipment.status).toBe('OUT_OF_STOCK');
    expect(outcomes(ledger)).toEqual(['OUT TAKEN 2']);
    expect(ledger.facts).toEqual([
      {
        type: 'equipmgnt.StockDecreased.v1',
        data: { orderId: 1, equipmentId: 3, qty: 2, stock: 0 },
        at: NOW,
      },
    ]);
  });

  it('refuses when there are too few units, and takes none', () => {
    const equipment = equipmentWith(1);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(1);
    expect(outcomes(ledger)).toEqual(['OUT REFUSED 2']);
    expect(ledger.facts).toEqual([
      {
        type: 'equipmgnt.StockRejected.v1',
        data: { ...REQUEST, reason: 'OUT_OF_STOCK' },
        at: NOW,
      },
    ]);
  });

  it('refuses unknown equipment', () => {
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, undefined, NOW);
    expect(outcomes(ledger)).toEqual(['OUT REFUSED 2']);
    expect(ledger.facts[0]?.data).toMatchObject({ reason: 'UNKNOWN_EQUIPMENT' });
  });

  it('takes back the units that were handed out', () => {
    const equipment = equipmentWith(5);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    ledger.takeBack(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(5);
    expect(outcomes(ledger)).toEqual(['OUT TAKEN 2', 'IN RETURNED 2']);
    expect(published(ledger)).toEqual(['StockDecreased', 'StockIncreased']);
  });

  it.each([
    ['within one batch', (ledger: StockLedger) => ledger],
    ['in another transaction', reloaded],
  ])('does each once, however often it is requested %s', (_, next) => {
    const equipment = equipmentWith(5);
    let ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    ledger = next(ledger);
    ledger.handOut(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(3);
    ledger.takeBack(REQUEST, equipment, NOW);
    ledger.takeBack(REQUEST, equipment, NOW);
    ledger.handOut(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(5);
  });

  it('takes back nothing for a refused order', () => {
    const equipment = equipmentWith(1);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    ledger.takeBack(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(1);
    expect(outcomes(ledger)).toEqual(['OUT REFUSED 2', 'IN VOID 2']);
    expect(published(ledger)).toEqual(['StockRejected']);
  });

  it('keeps a refusal when there is stock again', () => {
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipmentWith(1), NOW);
    const restocked = equipmentWith(10);
    reloaded(ledger).handOut(REQUEST, restocked, NOW);
    expect(restocked.stock).toBe(10);
  });

  it('hands out nothing when the cancellation came first', () => {
    const equipment = equipmentWith(5);
    const ledger = new StockLedger([]);
    ledger.takeBack(REQUEST, equipment, NOW);
    ledger.handOut(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(5);
    expect(outcomes(ledger)).toEqual(['OUT VOID 2', 'IN VOID 2']);
    expect(published(ledger)).toEqual([]);
  });

  it('takes back as many units as were handed out, whatever the request says', () => {
    const equipment = equipmentWith(5);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    ledger.takeBack({ ...REQUEST, qty: 4 }, equipment, NOW);
    expect(equipment.stock).toBe(5);
  });
});

describe('Equipment', () => {
  it('never goes below 0', () => {
    expect(() => equipmentWith(1).take(2)).toThrow(RangeError);
  });

  it('reports by how much its stock has moved', () => {
    const equipment = equipmentWith(5);
    equipment.take(3);
    equipment.giveBack(1);
    expect(equipment.moved).toBe(-2);
  });
});

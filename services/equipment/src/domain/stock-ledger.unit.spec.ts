import { Equipment } from './equipment.ts';
import { StockLedger, type StockRequest } from './stock-ledger.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const REQUEST: StockRequest = { orderId: 1, approvalId: 7, equipmentId: 3, qty: 2 };

const equipmentWith = (stock: number) => new Equipment(3, { stock }, NOW);
const outcomes = (ledger: StockLedger) =>
  ledger.written.map(({ direction, outcome, qty }) => `${direction} ${outcome} ${qty}`);
const told = (ledger: StockLedger) => ledger.facts.map(({ type }) => type.split('.')[1]);

/** What a later transaction sees of the ledger. */
const reloaded = (ledger: StockLedger) => new StockLedger(ledger.written);

describe('StockLedger', () => {
  it('hands units out while there are enough', () => {
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

  it('refuses when there are too few, and takes nothing', () => {
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

  it('refuses what there is no equipment of', () => {
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, undefined, NOW);
    expect(outcomes(ledger)).toEqual(['OUT REFUSED 2']);
    expect(ledger.facts[0]?.data).toMatchObject({ reason: 'UNKNOWN_EQUIPMENT' });
  });

  it('takes back what was handed out', () => {
    const equipment = equipmentWith(5);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    ledger.takeBack(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(5);
    expect(outcomes(ledger)).toEqual(['OUT TAKEN 2', 'IN RETURNED 2']);
    expect(told(ledger)).toEqual(['StockDecreased', 'StockIncreased']);
  });

  it.each([
    ['within one batch', (ledger: StockLedger) => ledger],
    ['in another transaction', reloaded],
  ])('does each once, however often it is asked %s', (_, next) => {
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

  it('takes back nothing of what was refused', () => {
    const equipment = equipmentWith(1);
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipment, NOW);
    ledger.takeBack(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(1);
    expect(outcomes(ledger)).toEqual(['OUT REFUSED 2', 'IN VOID 2']);
    expect(told(ledger)).toEqual(['StockRejected']);
  });

  it('keeps a refusal, also when there is stock again', () => {
    const ledger = new StockLedger([]);
    ledger.handOut(REQUEST, equipmentWith(1), NOW);
    const restocked = equipmentWith(10);
    reloaded(ledger).handOut(REQUEST, restocked, NOW);
    expect(restocked.stock).toBe(10);
  });

  it('hands nothing out when the cancellation came first', () => {
    const equipment = equipmentWith(5);
    const ledger = new StockLedger([]);
    ledger.takeBack(REQUEST, equipment, NOW);
    ledger.handOut(REQUEST, equipment, NOW);
    expect(equipment.stock).toBe(5);
    expect(outcomes(ledger)).toEqual(['OUT VOID 2', 'IN VOID 2']);
    expect(told(ledger)).toEqual([]);
  });

  it('takes back as many as were handed out, whatever the request says', () => {
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

  it('knows how far its stock has moved', () => {
    const equipment = equipmentWith(5);
    equipment.take(3);
    equipment.giveBack(1);
    expect(equipment.moved).toBe(-2);
  });
});

import { column, Columns, nullable, type RowOf } from './columns.ts';

type Status = 'OPEN' | 'CLOSED';

const loans = new Columns({
  id: column.bigint(),
  equipmentId: column.bigint(),
  status: column.text<Status>(),
  note: nullable(column.text()),
  returnedAt: nullable(column.timestamptz()),
});
const row: RowOf<typeof loans> = {
  id: 1,
  equipmentId: 3,
  status: 'OPEN',
  note: null,
  returnedAt: null,
};

describe('Columns', () => {
  it('selects each column under the name of its field', () => {
    expect(loans.only('id', 'equipmentId').select()).toBe(
      'id AS "id", equipment_id AS "equipmentId"',
    );
    expect(loans.only('returnedAt').select('loans')).toBe('loans.returned_at AS "returnedAt"');
  });

  it('inserts and updates from a recordset', () => {
    const columns = loans.without('id', 'note', 'returnedAt');
    expect(columns.names).toBe('equipment_id, status');
    expect(columns.from('l')).toBe('l."equipmentId", l."status"');
    expect(columns.set('l')).toBe('equipment_id = l."equipmentId", status = l."status"');
    expect(columns.recordset('$1', 'l', { was: column.text() })).toBe(
      'jsonb_to_recordset($1::jsonb) AS l("equipmentId" bigint, "status" text, "was" text)',
    );
  });

  it('gives the values of a row in the order of the names, and NULL for what is missing', () => {
    const { note: _, ...incomplete } = row;
    expect(loans.values({ ...incomplete, status: 'CLOSED' })).toEqual([1, 3, 'CLOSED', null, null]);
  });

  it('reads its own fields of a row, without NULLs', () => {
    expect(loans.read({ ...row, note: 'late' })).toEqual({
      id: 1,
      equipmentId: 3,
      status: 'OPEN',
      note: 'late',
    });
    expect(loans.only('status', 'note').read(row)).toEqual({ status: 'OPEN' });
  });

  it('gives fields that must not be NULL, or throws', () => {
    expect(loans.required({ ...row, note: 'late' }, 'id', 'note')).toEqual({ id: 1, note: 'late' });
    expect(() => loans.required(row, 'id', 'note', 'returnedAt')).toThrow(
      /^no note, returnedAt in {"id":1,/,
    );
  });

  it('gives the row with NULLs back, also from JSON', () => {
    const returned = { ...row, returnedAt: new Date('2026-01-02T03:04:05.678Z') };
    expect(loans.row(loans.read(row))).toEqual(row);
    expect(loans.row(loans.read(returned))).toEqual(returned);
    expect(loans.fromJson(JSON.parse(JSON.stringify(loans.read(row))))).toEqual(row);
    expect(loans.fromJson(JSON.parse(JSON.stringify(returned)))).toEqual(returned);
  });

  it('describes the table to TypeORM', () => {
    expect(loans.only('id', 'note').entity('loan', 'loans', 'id').options).toEqual({
      name: 'loan',
      tableName: 'loans',
      columns: {
        id: { name: 'id', type: 'bigint', nullable: false, primary: true },
        note: { name: 'note', type: 'text', nullable: true },
      },
    });
  });

  it('rejects a field that has no column', () => {
    expect(loans.nameOf('returnedAt')).toBe('returned_at');
    expect(() => loans.nameOf('toString')).toThrow(RangeError);
  });

  it('has a column for each field of a given row type, or does not compile', () => {
    interface Loan {
      readonly id: number;
      readonly note: string | null;
    }
    // @ts-expect-error the column of `note` is missing
    void new Columns<Loan>({ id: column.bigint() });
    // @ts-expect-error `note` may be NULL
    void new Columns<Loan>({ id: column.bigint(), note: column.int() });
    const complete = new Columns<Loan>({ id: column.bigint(), note: nullable(column.text()) });
    expect(complete.fields).toEqual(['id', 'note']);
  });
});

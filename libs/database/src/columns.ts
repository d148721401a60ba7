import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

/** A column of a table: its SQL type, and the TypeScript type of its values in a row. */
export interface Column<Value> {
  readonly sql: 'bigint' | 'int' | 'text' | 'boolean' | 'timestamptz' | 'datetime' | 'jsonb';
  readonly nullable?: true;
  /** Never set: it only carries the type. */
  readonly value?: Value;
}

/** The columns that the suite uses. A type argument narrows the values: `column.text<Status>()`. */
export const column = {
  bigint: (): Column<number> => ({ sql: 'bigint' }),
  int: (): Column<number> => ({ sql: 'int' }),
  text: <Value extends string = string>(): Column<Value> => ({ sql: 'text' }),
  boolean: (): Column<boolean> => ({ sql: 'boolean' }),
  timestamptz: (): Column<Date> => ({ sql: 'timestamptz' }),
  datetime: (): Column<Date> => ({ sql: 'datetime' }),
  jsonb: <Value extends object = object>(): Column<Value> => ({ sql: 'jsonb' }),
};

export const nullable = <Value>({ sql }: Column<Value>): Column<Value | null> => ({
  sql,
  nullable: true,
});

/** One column for each field of a row; a missing one is a compile error. */
export type ColumnMap<Row> = { readonly [Field in keyof Row]: Column<Row[Field]> };

/** A column for each field of `T`, also for the optional ones: `{ … } satisfies ColumnOfEach<T>`. */
export type ColumnOfEach<T> = { readonly [Field in keyof T]-?: Column<unknown> };

/** The row type of a {@link Columns}. */
export type RowOf<C> = C extends Columns<infer Row> ? Row : never;

type NullableField<Row> = {
  [Field in keyof Row]: null extends Row[Field] ? Field : never;
}[keyof Row];

/** A row without its NULLs: a nullable column becomes an optional property. */
export type Present<Row> = Omit<Row, NullableField<Row>> & {
  [Field in NullableField<Row>]?: NonNullable<Row[Field]>;
};

/** Some fields of a row, without NULL. */
type NotNull<Row, Field extends keyof Row> = {
  [Key in Field]: NonNullable<Row[Key]>;
};

/**
 * The columns of a table, each defined once. Row type, SELECT list, INSERT list, recordset types and
 * TypeORM entity all come from them, so a new column needs no change in any statement.
 *
 * A field is in camelCase (`equipmentId`), its column in snake_case (`equipment_id`). Field names in
 * SQL are quoted, since PostgreSQL would change them to lower case.
 */
export class Columns<Row extends object> {
  constructor(readonly map: ColumnMap<Row>) {}

  get fields(): (keyof Row & string)[] {
    return Object.keys(this.map) as (keyof Row & string)[];
  }

  /** The target list of an INSERT: `id, equipment_id`. */
  get names(): string {
    return this.fields.map(toColumnName).join(', ');
  }

  /**
   * A SELECT or RETURNING list whose rows have the fields' names: `id, equipment_id AS "equipmentId"`.
   * @param table qualifies the columns, for joins
   */
  select(table?: string): string {
    const from = table === undefined ? '' : `${table}.`;
    return this.fields.map((field) => `${from}${toColumnName(field)} AS "${field}"`).join(', ');
  }

  /** The fields of {@link recordset}, as the source list of an INSERT: `r."id", r."equipmentId"`. */
  from(alias: string): string {
    return this.fields.map((field) => `${alias}."${field}"`).join(', ');
  }

  /** The SET list of an UPDATE from {@link recordset}: `equipment_id = r."equipmentId"`. */
  set(alias: string): string {
    return this.fields.map((field) => `${toColumnName(field)} = ${alias}."${field}"`).join(', ');
  }

  /**
   * A JSON array of rows as a table (PostgreSQL).
   * @param parameter such as `$1`
   * @param extra fields of the JSON that are not columns
   */
  recordset(parameter: string, alias: string, extra: ColumnMap<object> = {}): string {
    const types = Object.entries<Column<unknown>>({ ...this.map, ...extra })
      .map(([field, { sql }]) => `"${field}" ${sql}`)
      .join(', ');
    return `jsonb_to_recordset(${parameter}::jsonb) AS ${alias}(${types})`;
  }

  /** The values of one row in the order of {@link names}; what is not given is NULL. */
  values(row: { readonly [Field in keyof Row]?: Row[Field] | null | undefined }): unknown[] {
    return this.fields.map((field) => row[field] ?? null);
  }

  /** The fields of these columns that are not NULL. A row may have other fields as well. */
  read(row: Row): Present<Row> {
    const present = this.fields.flatMap((field) =>
      row[field] === null ? [] : [[field, row[field]]],
    );
    return Object.fromEntries(present) as Present<Row>;
  }

  /**
   * The values of some fields of a row.
   * @throws Error when one of them is NULL
   */
  required<Field extends keyof Row & string>(row: Row, ...fields: Field[]): NotNull<Row, Field> {
    const missing = fields.filter((field) => row[field] === null);
    if (missing.length > 0) throw new Error(`no ${missing.join(', ')} in ${JSON.stringify(row)}`);
    return Object.fromEntries(fields.map((field) => [field, row[field]])) as NotNull<Row, Field>;
  }

  /** The inverse of {@link read}. */
  row(present: Present<Row>): Row {
    const given = present as { readonly [Field in keyof Row]?: Row[Field] };
    return Object.fromEntries(this.fields.map((field) => [field, given[field] ?? null])) as Row;
  }

  /** A row that was stored as JSON, in which times are strings. */
  fromJson(json: { readonly [Field in keyof Row]?: unknown }): Row {
    const values = this.fields.map((field) => {
      const value = json[field] ?? null;
      const isTime = this.map[field].sql === 'timestamptz' || this.map[field].sql === 'datetime';
      return [field, isTime && value !== null ? new Date(String(value)) : value];
    });
    return Object.fromEntries(values) as Row;
  }

  /** The column of a field that is known only at run time, such as one to sort by. */
  nameOf(field: string): string {
    if (!Object.hasOwn(this.map, field)) throw new RangeError(`there is no column for ${field}`);
    return toColumnName(field);
  }

  without<Field extends keyof Row>(...fields: Field[]): Columns<Omit<Row, Field>> {
    const rest = this.fields.filter((field) => !(fields as PropertyKey[]).includes(field));
    return this.pick(rest) as unknown as Columns<Omit<Row, Field>>;
  }

  only<Field extends keyof Row & string>(...fields: Field[]): Columns<Pick<Row, Field>> {
    return this.pick(fields) as unknown as Columns<Pick<Row, Field>>;
  }

  /** For reads through TypeORM. */
  entity(name: string, tableName: string, primary: keyof Row): EntitySchema<Row> {
    const options = this.fields.map((field): [string, EntitySchemaColumnOptions] => {
      const { sql: type, nullable: isNullable = false } = this.map[field];
      const key = field === primary && { primary: true };
      return [field, { name: toColumnName(field), type, nullable: isNullable, ...key }];
    });
    const columns = Object.fromEntries(options) as EntitySchema<Row>['options']['columns'];
    return new EntitySchema<Row>({ name, tableName, columns });
  }

  private pick(fields: readonly (keyof Row & string)[]): Columns<Row> {
    return new Columns(
      Object.fromEntries(fields.map((field) => [field, this.map[field]])) as ColumnMap<Row>,
    );
  }
}

const toColumnName = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

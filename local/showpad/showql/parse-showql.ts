import type { EmulatedAsset } from '../asset-resource.ts';
import { assetField, type AssetField } from './asset-field.ts';
import { comparison, isEmpty, type Condition } from './condition.ts';
import { ShowqlError } from './showql-error.ts';
import { tokenize, type Token } from './tokenize.ts';

/** What a query asks for. */
export interface ShowqlQuery {
  readonly matches: Condition;
  readonly order: {
    /** Null where the asset has no value, or where the query does not say an order. */
    readonly read: (asset: EmulatedAsset) => string | number | null;
    readonly isDescending: boolean;
  };
}

const maximumDepth = 100;

/**
 * Reads ShowQL as far as public documents show it: comparisons by `=`, `<`, `>`, `>=` and `~`, `IS EMPTY`,
 * `IS NOT EMPTY`, `AND` (which binds tighter), `OR`, parentheses, and one `ORDER BY field DESC` at the end. That
 * `<=`, `ASC` and an absent direction are understood, and that keywords are in capitals, is inferred; NOT, IN and
 * != are not confirmed anywhere, so they are refused. Throws ShowqlError.
 */
export function parseShowql(text: string, nowMs: number): ShowqlQuery {
  return new Parser(tokenize(text), nowMs).query();
}

class Parser {
  private readonly tokens: readonly Token[];
  private readonly nowMs: number;
  private index = 0;
  private depth = 0;

  constructor(tokens: readonly Token[], nowMs: number) {
    this.tokens = tokens;
    this.nowMs = nowMs;
  }

  query(): ShowqlQuery {
    const matches = this.either();
    const order = this.order();
    const { kind, position } = this.current();
    if (kind !== 'end') throw new ShowqlError(position);
    return { matches, order };
  }

  private either(): Condition {
    const conditions = [this.both()];
    while (this.skip('word', 'OR')) conditions.push(this.both());
    return (asset) => conditions.some((condition) => condition(asset));
  }

  private both(): Condition {
    const conditions = [this.single()];
    while (this.skip('word', 'AND')) conditions.push(this.single());
    return (asset) => conditions.every((condition) => condition(asset));
  }

  private single(): Condition {
    const { position } = this.current();
    if (!this.skip('parenthesis', '(')) return this.condition();
    this.depth += 1;
    if (this.depth > maximumDepth) throw new ShowqlError(position);
    const condition = this.either();
    this.expect('parenthesis', ')');
    this.depth -= 1;
    return condition;
  }

  private condition(): Condition {
    const { field } = this.field();
    if (this.skip('word', 'IS')) {
      const isNegated = this.skip('word', 'NOT');
      this.expect('word', 'EMPTY');
      const condition = isEmpty(field);
      return isNegated ? (asset) => !condition(asset) : condition;
    }
    const operator = this.take();
    if (operator.kind !== 'operator') throw new ShowqlError(operator.position);
    return comparison(field, operator, this.take(), this.nowMs);
  }

  private order(): ShowqlQuery['order'] {
    if (!this.skip('word', 'ORDER')) return { read: () => null, isDescending: false };
    this.expect('word', 'BY');
    const { field, token } = this.field();
    if (field.kind !== 'text' && field.kind !== 'time' && field.kind !== 'number') {
      throw new ShowqlError(token.position, `Field ${token.value} has no order`);
    }
    const isDescending = this.skip('word', 'DESC');
    if (!isDescending) this.skip('word', 'ASC');
    return { read: field.read, isDescending };
  }

  private field(): { field: AssetField; token: Token } {
    const token = this.take();
    if (token.kind !== 'word') throw new ShowqlError(token.position);
    const field = assetField(token.value);
    if (field === undefined) throw new ShowqlError(token.position, `Unknown field ${token.value}`);
    return { field, token };
  }

  private current(): Token {
    const token = this.tokens[this.index];
    if (token === undefined) throw new Error('The tokens of a query must end with the token `end`.');
    return token;
  }

  private take(): Token {
    const token = this.current();
    if (token.kind !== 'end') this.index += 1;
    return token;
  }

  private skip(kind: Token['kind'], value: string): boolean {
    const token = this.current();
    if (token.kind !== kind || token.value !== value) return false;
    this.index += 1;
    return true;
  }

  private expect(kind: Token['kind'], value: string): void {
    const { position } = this.current();
    if (!this.skip(kind, value)) throw new ShowqlError(position);
  }
}

import type { EmulatedAsset } from '../asset-resource.ts';
import type { AssetField } from './asset-field.ts';
import { ShowqlError } from './showql-error.ts';
import type { Token } from './tokenize.ts';

export type Condition = (asset: EmulatedAsset) => boolean;

/** `field IS EMPTY`: null, an empty text or an empty list. */
export function isEmpty(field: AssetField): Condition {
  return (asset) => {
    const value = field.read(asset);
    return value === null || value === '' || (Array.isArray(value) && value.length === 0);
  };
}

const dayMs = 86_400_000;
const isOrdered: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
};

/**
 * `field operator literal`. Nothing is known of an asset without a time, so no comparison of times finds it; `~`
 * finds part of a text whatever its case, and a whole entry of a list. Throws ShowqlError for an operator or a
 * literal that the kind of the field does not have.
 */
export function comparison(field: AssetField, operator: Token, literal: Token, nowMs: number): Condition {
  const { value } = literal;
  const wrongOperator = new ShowqlError(operator.position, `Operator ${operator.value} is not supported`);
  const expect = (kind: Token['kind']) => {
    if (literal.kind !== kind) throw new ShowqlError(literal.position);
  };
  switch (field.kind) {
    case 'text': {
      expect('text');
      if (operator.value === '=') return (asset) => field.read(asset) === value;
      if (operator.value !== '~') throw wrongOperator;
      const part = value.toLowerCase();
      return (asset) => field.read(asset)?.toLowerCase().includes(part) === true;
    }
    case 'reference':
      expect('text');
      if (operator.value !== '=' && operator.value !== '~') throw wrongOperator;
      return (asset) => field.read(asset) === value;
    case 'list':
      expect('text');
      if (operator.value !== '~') throw wrongOperator;
      return (asset) => field.read(asset).includes(value);
    case 'truth':
      if (literal.kind !== 'word' || !/^(?:true|false)$/u.test(value))
        throw new ShowqlError(literal.position);
      if (operator.value !== '=') throw wrongOperator;
      return (asset) => field.read(asset) === (value === 'true');
    case 'number': {
      expect('number');
      const holds = isOrdered[operator.value];
      if (holds === undefined) throw wrongOperator;
      return (asset) => holds(field.read(asset), Number(value));
    }
    case 'time': {
      expect('relativeTime');
      const holds = isOrdered[operator.value];
      if (holds === undefined) throw wrongOperator;
      const limitMs = nowMs + Number(value.slice(0, -1)) * (value.endsWith('w') ? 7 * dayMs : dayMs);
      return (asset) => {
        const time = field.read(asset);
        return time !== null && holds(Date.parse(time), limitMs);
      };
    }
  }
}

/** Lists and tuples. */
import type { JsonSchema } from '../../contract.ts';
import { canonicalJson } from '../../json.ts';
import { addIssue, decodeAt, type Decoder, type Run } from './decoder.ts';

/** Says whether the list as such is what it should be. */
function checkList(schema: JsonSchema, list: readonly unknown[], run: Run): void {
  const { minItems, maxItems, uniqueItems } = schema;
  if (typeof minItems === 'number' && list.length < minItems) {
    addIssue(run, `expected at least ${minItems} items`);
  }
  if (typeof maxItems === 'number' && list.length > maxItems) {
    addIssue(run, `expected at most ${maxItems} items`);
  }
  if (uniqueItems === true && new Set(list.map((item) => canonicalJson(item))).size < list.length) {
    addIssue(run, 'expected no item twice');
  }
}

/** A decoder for a list: its first items by `first`, the others by `rest`. */
export function listDecoder(
  schema: JsonSchema,
  first: readonly Decoder[],
  rest: Decoder | null,
): Decoder {
  return (value, run) => {
    if (!Array.isArray(value)) {
      addIssue(run, 'expected array');
      return value;
    }
    const list: readonly unknown[] = value;
    checkList(schema, list, run);
    return list.map((item, index) => {
      const decoder = first[index] ?? rest;
      return decoder ? decodeAt(run, index, () => decoder(item, run)) : item;
    });
  };
}

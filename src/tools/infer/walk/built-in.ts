/** Objects of the language itself: `Date` travels as a text, most others do not travel at all. */
import type { Symbol, Type } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import { conversionMark, type Place, type Walk } from './walk.ts';

function hasMethods(type: Type): boolean {
  return type.getProperties().some((property: Symbol) => {
    const [declared] = property.getDeclarations();
    return (
      declared !== undefined && property.getTypeAtLocation(declared).getCallSignatures().length > 0
    );
  });
}

/** What JSON makes of a collection or of bytes when a tool returns them. */
function outputSchema(walk: Walk, type: Type, place: Place): JsonSchema | undefined {
  const [first, second] = type.getTypeArguments();
  const at: Place = { ...place, path: `${place.path}[]`, typeNode: undefined };
  const name = type.getSymbol()?.getName() ?? '';
  if (first && /^(Readonly)?Set$/.test(name)) {
    return { type: 'array', items: walk.schemaOf(first, at) };
  }
  if (first?.isString() && second && /^(Readonly)?Map$/.test(name)) {
    return { type: 'object', additionalProperties: walk.schemaOf(second, at) };
  }
  return name === 'Uint8Array' ? { type: 'string', contentEncoding: 'base64' } : undefined;
}

/**
 * The schema of a type of the language's own library; undefined for any other type, and for those of
 * the library that are plain data (`Intl.NumberFormatOptions`).
 */
export function builtInSchema(walk: Walk, type: Type, place: Place): JsonSchema | undefined {
  const symbol = type.getSymbol();
  // An alias of the library (`Pick`, `Record`) is not a type of it.
  if (!walk.isBuiltIn(symbol) || type.getAliasSymbol()) return undefined;
  if (symbol?.getName() === 'Date') {
    return { type: 'string', format: 'date-time', [conversionMark]: 'date' };
  }
  // What has a constructor of the same name is more than its properties, as an `Error` is.
  if (!hasMethods(type) && symbol?.getValueDeclaration() === undefined) return undefined;
  const returned = walk.direction === 'output' ? outputSchema(walk, type, place) : undefined;
  return returned ?? walk.refuse(type, place, 'JSON has no form for it');
}

/** References to definitions, which may lead back to themselves. */
import { decodeApart, type Decoded, type Decoder, type Run } from './decoder.ts';

/** What `decoder` says of `value`, asked once in a run; see `Run.memo`. */
function recall(run: Run, decoder: Decoder, value: unknown): Decoded {
  if (typeof value !== 'object' || value === null) return decodeApart(run, decoder, value);
  const known = run.memo.get(decoder) ?? new Map<unknown, Decoded>();
  run.memo.set(decoder, known);
  const decoded = known.get(value) ?? decodeApart(run, decoder, value);
  known.set(value, decoded);
  return decoded;
}

/** A decoder for whatever `find` finds by the time it runs. */
export function referenceDecoder(find: () => Decoder | undefined): Decoder {
  return (value, run) => {
    const decoder = find();
    if (!decoder) return value;
    const decoded = recall(run, decoder, value);
    run.issues.push(...decoded.issues);
    return decoded.value;
  };
}

/** Choices: one of some values, or the first branch that fits. */
import { describeValue } from '../../problem.ts';
import { addIssue, decodeApart, type Decoded, type Decoder, type Run } from './decoder.ts';

/** Values beyond these are not listed for the model. */
const valuesShownMax = 12;

function listWords(words: readonly string[]): string {
  return words.length > 1
    ? `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
    : (words[0] ?? 'nothing');
}

/** A decoder that lets only `values` on to `decoder`. */
export function valueDecoder(values: readonly unknown[], decoder: Decoder): Decoder {
  const known = new Set(values);
  const shown = values.slice(0, valuesShownMax).map(describeValue);
  const hidden = values.length - shown.length;
  const expected = listWords(hidden > 0 ? [...shown, `one of ${hidden} others`] : shown);
  return (value, run) => {
    if (known.has(value)) return decoder(value, run);
    addIssue(run, `expected ${expected}`, true);
    return value;
  };
}

/** A branch of a choice, and how to name it. */
export interface Branch {
  readonly decoder: Decoder;
  readonly name: string;
}

/** Whether the branch was refused for what the value as a whole is, not for something inside it. */
function isAboutWhole({ issues }: Decoded, run: Run): boolean {
  return issues.some(({ path }) => path.length === run.path.length);
}

/** How much a branch misses. A wrong value right inside means another branch was meant. */
function distance({ issues }: Decoded, run: Run): number {
  const isMeantElsewhere = issues.some(
    ({ path, isOfValue }) => isOfValue && path.length === run.path.length + 1,
  );
  return issues.length + (isMeantElsewhere ? 1_000 : 0);
}

/** A decoder for the first of `branches` that fits. If none does, it says what the closest one misses. */
export function choiceDecoder(branches: readonly Branch[]): Decoder {
  const expected = listWords([...new Set(branches.map(({ name }) => name))]);
  return (value, run) => {
    const failed: Decoded[] = [];
    for (const { decoder } of branches) {
      const decoded = decodeApart(run, decoder, value);
      if (decoded.issues.length === 0) return decoded.value;
      failed.push(decoded);
    }
    const [closest] = failed
      .filter((decoded) => !isAboutWhole(decoded, run))
      .toSorted((left, right) => distance(left, run) - distance(right, run));
    if (closest) run.issues.push(...closest.issues);
    else addIssue(run, `expected ${expected}`);
    return value;
  };
}

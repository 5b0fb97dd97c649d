import type { JsonSchema } from 'sessionmesh/tools';
import type { Conversion, Parameters } from '../../../src/tools/infer/index.ts';

/** What a person reading the signature would write down. Parts left out are not compared. */
interface Expectation {
  readonly input: JsonSchema;
  readonly description?: string;
  readonly output?: JsonSchema | null;
  readonly outputDescription?: string | null;
  readonly parameters?: Parameters;
  readonly conversions?: readonly Conversion[];
}

/** By the name of the exported function; each stands right below it. */
export type Expectations = Record<string, Expectation>;

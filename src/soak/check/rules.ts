/** The rules that keep facts of their own, and where all of them write what they find. */
import type { Fencing } from './addressing.ts';
import type { Bounds } from './bounds.ts';
import type { Findings } from './findings.ts';
import type { Isolation } from './isolation.ts';
import type { Ledgers } from './ledgers.ts';
import type { Recovery } from './recovery.ts';

/** One of each for a check. */
export interface Rules {
  readonly findings: Findings;
  readonly recovery: Recovery;
  readonly isolation: Isolation;
  readonly ledgers: Ledgers;
  readonly bounds: Bounds;
  readonly fencing: Fencing;
}

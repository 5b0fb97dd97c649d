/** The checker of histories, as a replay takes it. */
import type { HistoryHeader, HistoryRecord } from '../history/record.ts';
import { defaultLimits } from '../limits.ts';
import type { ReplayCheck } from '../service/inspection/replay.ts';
import type { RunFinding } from '../service/inspection/run-timeline.ts';
import { createChecker } from '../soak/check/checker.ts';
import type { Violation } from '../soak/check/verdict.ts';

function findingOf({ invariant, message, records, at }: Violation): RunFinding {
  return { seq: records.at(-1) ?? 0, at, text: `${invariant}: ${message}` };
}

/**
 * What records proved at the moment they came. A verdict on an unfinished run also holds against it what
 * it has not got round to, so only findings that the live check had at the same record count.
 */
function provenIn(
  header: HistoryHeader,
  records: readonly HistoryRecord[],
  proofs: ReadonlyMap<number, HistoryRecord>,
): readonly RunFinding[] {
  const checker = createChecker(header);
  for (const record of records) checker.push(record);
  const found = checker.verdict().violations.map(findingOf);
  return [...proofs.values()].flatMap(({ seq, at }) => {
    const own = found.filter((finding) => finding.seq === seq);
    return own.length > 0 ? own : [{ seq, at, text: 'an invariant was broken' }];
  });
}

/** Checks a history as it is read, and says what it found also before the end. */
export function createReplayCheck(header: HistoryHeader): ReplayCheck {
  const checker = createChecker(header);
  /** The records at which the number of violations rose; beyond `replayMarksMax` only the end tells. */
  const proofs = new Map<number, HistoryRecord>();
  let known: readonly RunFinding[] = [];
  let knownProofs = 0;
  return {
    push: (record) => {
      const before = checker.violations;
      checker.push(record);
      const isProof = checker.violations > before && proofs.size < defaultLimits.replayMarksMax;
      if (isProof) proofs.set(record.seq, record);
    },
    soFar: (records) => {
      if (knownProofs === proofs.size) return known;
      knownProofs = proofs.size;
      known = provenIn(header, records(), proofs);
      return known;
    },
    finish: () => {
      const { violations, reasons } = checker.verdict();
      return { findings: violations.map(findingOf), doubts: reasons };
    },
  };
}

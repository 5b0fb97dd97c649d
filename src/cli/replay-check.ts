/** The checker of histories, as a replay takes it. */
import type { HistoryHeader } from '../history/record.ts';
import type { ReplayCheck } from '../service/inspection/replay.ts';
import type { RunFinding } from '../service/inspection/run-timeline.ts';
import { createChecker } from '../soak/check/checker.ts';
import type { Violation } from '../soak/check/verdict.ts';

function findingOf({ invariant, message, records, at }: Violation): RunFinding {
  return { seq: records.at(-1) ?? 0, at, text: `${invariant}: ${message}` };
}

/** Checks a history as it is read, and says what it found also before the end. */
export function createReplayCheck(header: HistoryHeader): ReplayCheck {
  const checker = createChecker(header);
  return {
    push: (record) => checker.push(record),
    soFar: () => checker.found.map(findingOf),
    finish: () => {
      const { violations, reasons } = checker.verdict();
      return { findings: violations.map(findingOf), doubts: reasons };
    },
  };
}

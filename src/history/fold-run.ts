/** What records do to the processes and faults of a view. */
import { defaultLimits } from '../limits.ts';
import { loseCalls, type Moment } from './fold-call.ts';
import type { WorldEvent } from './record.ts';
import { keepLast, type ProcessView, type RunView } from './view.ts';

const { historyNoticesKeptMax } = defaultLimits;

function changeProcess(view: RunView, process: string, change: Partial<ProcessView>): void {
  const before = view.processes.get(process);
  if (before) view.processes.set(process, { ...before, ...change });
}

/** A process began, ended, or stands still. */
export function foldProcess(
  view: RunView,
  event: Extract<WorldEvent, { type: `world.process.${string}` }>,
  moment: Moment,
): void {
  const { process } = event;
  switch (event.type) {
    case 'world.process.began': {
      const { kind, ledger } = event;
      const life = { state: 'running', beganAt: moment.at, endedAt: null } as const;
      const entry = { process, kind, ledger, ...life };
      return keepLast(view.processes, process, entry, historyNoticesKeptMax);
    }
    case 'world.process.stopping':
      return changeProcess(view, process, { state: 'stopping' });
    case 'world.process.paused':
      return changeProcess(view, process, { state: 'paused' });
    case 'world.process.resumed':
      return changeProcess(view, process, { state: 'running' });
    case 'world.process.ended':
      loseCalls(view, process, moment);
      return changeProcess(view, process, { state: event.as, endedAt: moment.at });
  }
}

/** A fault was planned, began or ended. */
export function foldFault(
  view: RunView,
  event: Extract<WorldEvent, { type: `world.fault.${string}` }>,
  { seq, at }: Moment,
): void {
  if (event.type === 'world.fault.planned') {
    view.plannedFaults.set(event.fault, view.plannedFaults.get(event.fault) ?? 0);
    return;
  }
  const { fault, faultId } = event;
  if (event.type === 'world.fault.ended') {
    const open = view.openFaults.get(faultId);
    if (!open) return;
    view.openFaults.delete(faultId);
    keepLast(view.pastFaults, faultId, { ...open, endedAt: at }, historyNoticesKeptMax);
    return;
  }
  const { target, detail, lasts } = event;
  const entry = { fault, faultId, target, detail, seq, beganAt: at, endedAt: lasts ? null : at };
  if (lasts) keepLast(view.openFaults, faultId, entry, historyNoticesKeptMax);
  else keepLast(view.pastFaults, faultId, entry, historyNoticesKeptMax);
  view.plannedFaults.set(fault, (view.plannedFaults.get(fault) ?? 0) + 1);
}

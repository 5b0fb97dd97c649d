/** Who holds the dispatch lock, small enough for a row. */
import type { DispatchMode } from '../../../machines/session.ts';

/** The holder by sign and by name. */
export function LockSign({ mode }: { mode: DispatchMode }) {
  return (
    <span class="lock-sign" data-mode={mode}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <rect x="2" y="5.5" width="8" height="5.5" rx="1.2" />
        <path
          d={mode === 'neutral' ? 'M4 5.5V3.6a2 2 0 0 1 3.8-.8' : 'M4 5.5V3.6a2 2 0 0 1 4 0v1.9'}
        />
      </svg>
      {mode}
    </span>
  );
}

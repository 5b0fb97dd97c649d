/** The dispatch lock of a session: who holds it, since when, and what that means. */
import type { SessionView } from '../../../src/history/view.ts';
import { durationText } from '../model/words.ts';
import { useTicking } from './connection-notice.tsx';

const modes = ['signal', 'neutral', 'polling'] as const;

const meanings = {
  signal:
    'The stream brings the calls. What the list of pending calls names as well is not taken twice.',
  neutral: 'Nobody holds it. Whoever brings the first call takes it.',
  polling:
    'Calls are read from the list of pending calls: the stream is down, silent or catching up.',
} as const;

/** The lock as a switch that only the machine moves. */
export function LockPanel({ session, at }: { session: SessionView; at: number | null }) {
  useTicking(1_000, at === null);
  const { dispatchMode: mode, lockSince } = session;
  const heldMs = Math.max(0, (at ?? Date.now()) - lockSince);
  const held = mode === 'neutral' ? 'free' : `held by ${mode}`;
  return (
    <section class="lock" data-mode={mode} aria-label="Dispatch lock">
      <div class="lock-head">
        <h2>Dispatch lock</h2>
        <p>
          <b>{held}</b> for {durationText(heldMs)}
        </p>
      </div>
      <ol class="lock-switch" aria-hidden="true">
        {modes.map((one) => (
          <li key={one} data-mode={one} data-here={one === mode}>
            {one}
          </li>
        ))}
      </ol>
      <p class="lock-meaning">{meanings[mode]}</p>
    </section>
  );
}

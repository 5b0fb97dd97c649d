/** Says when what is shown is not the present. */
import { useEffect, useState } from 'preact/hooks';
import { link, skipped } from '../model/run.ts';
import { durationText } from '../model/words.ts';

/** Renders again every `periodMs`, for what grows older by itself. */
export function useTicking(periodMs: number, isOn = true): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => tick((count) => count + 1), periodMs);
    return () => clearInterval(timer);
  }, [periodMs, isOn]);
}

function Lost({ since, retryAt }: { since: number; retryAt: number }) {
  useTicking(500);
  const now = Date.now();
  const next = retryAt > now ? `trying again in ${durationText(retryAt - now)}` : 'trying again';
  return (
    <p class="notice" data-tone="bad">
      <strong>Connection lost</strong> {durationText(now - since)} ago. What you see is from then;{' '}
      {next}.
    </p>
  );
}

/** A line below the header, where there is something to say. */
export function ConnectionNotice() {
  const state = link.value;
  return (
    <div class="notices" role="status">
      {state.type === 'lost' && <Lost since={state.since} retryAt={state.retryAt} />}
      {state.type === 'connecting' && <p class="notice">Connecting …</p>}
      {state.type === 'live' && skipped.value > 0 && (
        <p class="notice">
          {skipped.value} events were skipped to keep up; the figures are complete again.{' '}
          <button type="button" class="plain" onClick={() => (skipped.value = 0)}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}

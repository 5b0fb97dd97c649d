/** Back and forth through what was recorded of the session that is shown. */
import { about } from '../model/run.ts';
import { cursor, shownRecords } from '../model/watch.ts';
import { timeText } from '../model/words.ts';

function typeOf(event: {
  readonly type: string;
  readonly event?: { readonly type: string };
}): string {
  return event.event?.type ?? event.type;
}

/** The slider below the chart. At its end it follows the present. */
export function SessionTime() {
  const records = shownRecords.value?.records ?? [];
  const isVirtual = about.value?.time === 'virtual';
  const last = records.length - 1;
  if (last < 1) {
    return <p class="quiet pad">What happens from now on can be wound back here.</p>;
  }
  const seq = cursor.value;
  const index = seq === null ? last : records.findLastIndex((record) => record.seq <= seq);
  const record = records[index];
  const go = (next: number) => {
    const target = records[Math.max(0, next)];
    cursor.value = next >= last || !target ? null : target.seq;
  };
  return (
    <section class="session-time" aria-label="Time travel">
      <button
        type="button"
        class="icon-button"
        aria-label="One event back"
        onClick={() => go(index - 1)}
      >
        ‹
      </button>
      <input
        type="range"
        min={0}
        max={last}
        value={index}
        aria-label="Moment in the session's recorded history"
        aria-valuetext={record ? `${typeOf(record.event)}, ${timeText(record.at, isVirtual)}` : ''}
        onInput={({ currentTarget }) => go(Number(currentTarget.value))}
      />
      <button
        type="button"
        class="icon-button"
        aria-label="One event on"
        onClick={() => go(index + 1)}
      >
        ›
      </button>
      <output>
        {record && (
          <>
            <b>{typeOf(record.event)}</b> {timeText(record.at, isVirtual)}
          </>
        )}
      </output>
      <button
        type="button"
        class="chip"
        disabled={seq === null}
        onClick={() => (cursor.value = null)}
      >
        {seq === null ? 'live' : 'back to now'}
      </button>
    </section>
  );
}

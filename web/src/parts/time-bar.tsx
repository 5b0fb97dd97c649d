/** The slider through a recorded run: play, step, jump to the next fault. */
import { useEffect } from 'preact/hooks';
import { about, now } from '../model/run.ts';
import {
  follow,
  goTo,
  isFollowing,
  isGoingOn,
  isPlaying,
  jump,
  jumps,
  lastSeq,
  loadTimeline,
  speed,
  startPlaying,
  timeline,
  togglePlaying,
} from '../model/timeline.ts';
import { countText, timeText } from '../model/words.ts';

const speeds = [5, 50, 500, 5_000] as const;

function Marks() {
  const known = timeline.value;
  if (!known) return null;
  const span = Math.max(1, lastSeq.value - known.firstSeq);
  return (
    <div class="time-marks" aria-hidden="true">
      {known.marks.map(({ seq, kind }) => (
        <i
          key={`${seq} ${kind}`}
          data-kind={kind}
          style={{ left: `${(((seq - known.firstSeq) / span) * 100).toFixed(2)}%` }}
        />
      ))}
    </div>
  );
}

function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  const isTyping = target instanceof HTMLInputElement && target.type !== 'range';
  if (isTyping || target instanceof HTMLTextAreaElement || event.ctrlKey || event.metaKey) return;
  const isControl = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
  if (key === ' ' && !isControl) togglePlaying();
  else if (key === ',') goTo(now.value.seq - 1);
  else if (key === '.') goTo(now.value.seq + 1);
  else if (key === 'n') jump(1);
  else if (key === 'p') jump(-1);
  else return;
  event.preventDefault();
}

/** A button with a sign, named by what it does and the key that does the same. */
function SignButton({
  sign,
  name,
  hint,
  isOff = false,
  onClick,
}: {
  sign: string;
  name: string;
  hint: string;
  isOff?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={name}
      title={`${name} (${hint})`}
      disabled={isOff}
      onClick={onClick}
    >
      {sign}
    </button>
  );
}

function Buttons({ seq }: { seq: number }) {
  const isCalm = jumps.value.length === 0;
  return (
    <div class="time-buttons">
      <SignButton sign="⇤" name="Fault before" hint="p" isOff={isCalm} onClick={() => jump(-1)} />
      <SignButton sign="‹" name="One record back" hint="," onClick={() => goTo(seq - 1)} />
      <button
        type="button"
        class="play"
        aria-pressed={isPlaying.value}
        title="Play (space)"
        onClick={togglePlaying}
      >
        {isPlaying.value ? 'Pause' : 'Play'}
      </button>
      <SignButton sign="›" name="One record on" hint="." onClick={() => goTo(seq + 1)} />
      <SignButton sign="⇥" name="Next fault" hint="n" isOff={isCalm} onClick={() => jump(1)} />
    </div>
  );
}

function Speed() {
  return (
    <label class="time-speed">
      <span class="unseen">Speed</span>
      <select
        value={speed.value}
        onChange={({ currentTarget }) => (speed.value = Number(currentTarget.value))}
      >
        {speeds.map((perSecond) => (
          <option key={perSecond} value={perSecond}>
            {perSecond}/s
          </option>
        ))}
      </select>
    </label>
  );
}

/** The bar at the foot of a replay. */
export function TimeBar() {
  useEffect(loadTimeline, []);
  useEffect(startPlaying, []);
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const known = timeline.value;
  const { seq, at } = now.value;
  const time = timeText(at, about.value?.time === 'virtual');
  return (
    <footer class="time-bar" aria-label="Time travel">
      <Buttons seq={seq} />
      <div class="time-slider">
        <Marks />
        <input
          type="range"
          aria-label="Moment of the run"
          aria-valuetext={`record ${seq}, ${time}`}
          min={known?.firstSeq ?? 0}
          max={Math.max(1, lastSeq.value)}
          value={seq}
          onInput={({ currentTarget }) => {
            isPlaying.value = false;
            goTo(Number(currentTarget.value));
          }}
        />
      </div>
      <output class="time-now">
        <b>{time}</b>
        <span>
          {countText(seq)} of {countText(lastSeq.value)}
        </span>
      </output>
      {isGoingOn.value && (
        <button type="button" class="chip" aria-pressed={isFollowing.value} onClick={follow}>
          {isFollowing.value ? 'Following' : 'Follow'}
        </button>
      )}
      <Speed />
    </footer>
  );
}

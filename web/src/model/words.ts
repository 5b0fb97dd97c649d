/** States, times and sizes in words. */
/** What a state value comes down to for people who look at a list. */
export type Phase =
  | 'draft'
  | 'opening'
  | 'idle'
  | 'starting'
  | 'active'
  | 'interrupting'
  | 'lost'
  | 'closing'
  | 'closed'
  | 'failed';

/** In the order they are shown in. */
export const phases: readonly Phase[] = [
  'active',
  'starting',
  'interrupting',
  'idle',
  'lost',
  'opening',
  'draft',
  'closing',
  'closed',
  'failed',
];

const phaseSet: ReadonlySet<string> = new Set(phases);
const isPhase = (name: unknown): name is Phase => typeof name === 'string' && phaseSet.has(name);

/** The phase of a session's state value. */
export function phaseOf(state: unknown): Phase {
  if (typeof state === 'string') return isPhase(state) ? state : 'idle';
  const { running, closing } = Object(state);
  if (closing !== undefined) return 'closing';
  const { link, turn } = Object(running);
  if (link === 'lost') return 'lost';
  return isPhase(turn) ? turn : 'idle';
}

/** A state value on one line: `working.turn`, `online · signal · active`. */
export function stateText(state: unknown): string {
  if (typeof state === 'string') return state;
  const entries = Object.entries(Object(state));
  const [first] = entries;
  if (!first) return '–';
  if (entries.length > 1) return entries.map(([, inner]) => stateText(inner)).join(' · ');
  return `${first[0]} / ${stateText(first[1])}`;
}

/** `850 µs`, `12 ms`, `3.4 s`, `2 min 5 s`. */
export function durationText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** `14:03:27.104` by this browser's clock; in a simulation, the time since it began. */
export function timeText(at: number, isVirtual: boolean): string {
  const date = new Date(at);
  const ms = String(Math.floor(Math.abs(at) % 1_000)).padStart(3, '0');
  if (isVirtual) {
    const seconds = Math.floor(at / 1_000);
    const minutes = Math.floor(seconds / 60);
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${ms}`;
  }
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** `now`, `4 s ago`, `12 min ago`. */
export function agoText(ms: number): string {
  if (ms < 1_000) return 'now';
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  return `${Math.floor(ms / 3_600_000)} h ago`;
}

// Made once: making one costs a hundred times what using it does, and lists show thousands of numbers.
const smallCounts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,480`. */
export function countText(value: number): string {
  return (value < 10 ? smallCounts : counts).format(value);
}

/** Any JSON, readable, cut at `charsMax`. */
export function jsonText(value: unknown, charsMax = 100_000): string {
  const text = JSON.stringify(value, null, 2) ?? '–';
  if (text.length <= charsMax) return text;
  return `${text.slice(0, charsMax)}\n… ${text.length - charsMax} more characters`;
}

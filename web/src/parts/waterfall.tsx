/** Turns and their calls against time: queued, running, submitting, answered. */
import type { CallView } from '../../../src/history/view.ts';
import { about } from '../model/run.ts';
import { hrefOf } from '../model/route.ts';
import type { ShownSession, TurnWithCalls } from '../model/session-fold.ts';
import { durationText, timeText } from '../model/words.ts';
import { useTicking } from './connection-notice.tsx';

/** Calls of one turn that are drawn; of more, the newest. */
const callsShownMax = 200;
/** Turns that are drawn; of more, the newest. */
const turnsShownMax = 30;

interface Segment {
  readonly kind: 'queued' | 'running' | 'submitting';
  readonly from: number;
  readonly to: number;
}

/** When a call was over, or `at` if it is not. Some end without a word of their own. */
function endOf({ settledAt, state, steps }: CallView, at: number): number {
  const isOpen = ['issued', 'waiting', 'approval', 'running', 'submitting'].includes(state);
  return settledAt ?? (isOpen ? at : (steps.at(-1)?.at ?? at));
}

function segmentsOf(call: CallView, at: number): readonly Segment[] {
  const begun = call.claimedAt ?? call.issuedAt ?? at;
  const end = endOf(call, at);
  const answered = call.answeredAt ?? end;
  const started = call.startedAt ?? answered;
  const segments: Segment[] = [
    { kind: 'queued', from: begun, to: Math.min(started, end) },
    { kind: 'running', from: started, to: Math.min(answered, end) },
    { kind: 'submitting', from: answered, to: end },
  ];
  return segments.filter(({ from, to }) => to > from);
}

/** How a call stands, in a word. */
export function stateWord({ state, success }: CallView): string {
  if (state === 'answered') return success ? 'answered' : 'failed';
  if (state === 'approval') return 'asks';
  return state === 'waiting' ? 'queued' : state;
}

const toneOf = ({ state, success }: CallView): string => {
  if (state === 'answered') return success ? 'good' : 'bad';
  if (state === 'approval') return 'warn';
  return ['issued', 'waiting', 'running', 'submitting'].includes(state) ? 'open' : 'bad';
};

interface Scale {
  readonly from: number;
  readonly spanMs: number;
}

const share = ({ from, spanMs }: Scale, at: number) =>
  `${Math.min(100, Math.max(0, ((at - from) / spanMs) * 100)).toFixed(2)}%`;

function CallRow({ call, scale, at }: { call: CallView; scale: Scale; at: number }) {
  const { sessionId, key, tool, namespace, repeats, submissions } = call;
  const end = endOf(call, at);
  const begun = call.claimedAt ?? call.issuedAt ?? at;
  const took = end - begun;
  return (
    <li class="call-row">
      <a href={hrefOf({ view: 'call', sessionId, key })}>
        <span class="call-name">
          {namespace && <span class="quiet">{namespace}/</span>}
          {tool}
          {repeats > 0 && (
            <span class="mark" title="came again; not run again">
              ×{repeats + 1}
            </span>
          )}
          {submissions > 1 && (
            <span class="mark" title="handed over more than once">
              ↻{submissions}
            </span>
          )}
        </span>
        <span class="call-track" aria-hidden="true">
          {segmentsOf(call, at).map(({ kind, from, to }) => (
            <i
              key={kind}
              class="segment"
              data-kind={kind}
              data-tone={toneOf(call)}
              style={{ left: share(scale, from), right: `calc(100% - ${share(scale, to)})` }}
            />
          ))}
          <i class="tick" data-tone={toneOf(call)} style={{ left: share(scale, end) }} />
        </span>
        <span class="call-state" data-tone={toneOf(call)}>
          {stateWord(call)}
        </span>
        <span class="call-took">{durationText(took)}</span>
      </a>
    </li>
  );
}

function TurnBlock({ turn, index, at }: { turn: TurnWithCalls; index: number; at: number }) {
  const { turnId, startedAt, endedAt, status, error, reply, callViews } = turn;
  const end = endedAt ?? at;
  const scale = { from: startedAt, spanMs: Math.max(1, end - startedAt) };
  const shown = callViews.slice(-callsShownMax);
  const isVirtual = about.value?.time === 'virtual';
  const word = endedAt === null ? 'goes on' : (status ?? 'over');
  return (
    <article class="turn" aria-label={`Turn ${index}`}>
      <header class="turn-head">
        <h3 title={turnId}>Turn {index}</h3>
        <span class="turn-status" data-status={endedAt === null ? 'active' : (status ?? 'over')}>
          {word}
        </span>
        <span class="turn-times">
          {timeText(startedAt, isVirtual)} · {durationText(end - startedAt)} · {callViews.length}{' '}
          {callViews.length === 1 ? 'call' : 'calls'}
        </span>
      </header>
      {callViews.length > shown.length && (
        <p class="quiet">The {callViews.length - shown.length} oldest calls are not drawn.</p>
      )}
      {shown.length > 0 && (
        <ul class="calls">
          {shown.map((call) => (
            <CallRow key={call.key} call={call} scale={scale} at={at} />
          ))}
        </ul>
      )}
      {error && <p class="turn-error">{error}</p>}
      {reply && <p class="turn-reply">{reply}</p>}
    </article>
  );
}

/** All turns of a session, the newest first. */
export function Waterfall({
  shown,
  isLive,
  at,
}: {
  shown: ShownSession;
  isLive: boolean;
  at: number;
}) {
  const { turns } = shown;
  useTicking(250, isLive && turns.some(({ endedAt }) => endedAt === null));
  if (turns.length === 0) {
    return (
      <div class="empty">
        <h2>No turn yet</h2>
        <p>
          When somebody sends this session a message, its turn and every tool call of it appear
          here.
        </p>
      </div>
    );
  }
  const numbered = turns.map((turn, index) => ({ turn, index: index + 1 }));
  return (
    <div class="waterfall">
      <p class="legend" aria-hidden="true">
        <i class="segment" data-kind="queued" data-tone="open" /> queued
        <i class="segment" data-kind="running" data-tone="open" /> running
        <i class="segment" data-kind="submitting" data-tone="open" /> submitting
        <i class="tick" data-tone="good" /> answered
        <i class="tick" data-tone="bad" /> failed
      </p>
      {numbered
        .slice(-turnsShownMax)
        .toReversed()
        .map(({ turn, index }) => (
          <TurnBlock key={turn.turnId} turn={turn} index={index} at={at} />
        ))}
    </div>
  );
}

/** One session: its chart with the lock, its turns and calls, what was said, what the model can call. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { about, clockSkewMs, link, now, rows, rowsVersion } from '../model/run.ts';
import { drawings, loadDrawings } from '../model/charts.ts';
import { hrefOf } from '../model/route.ts';
import type { ShownSession } from '../model/session-fold.ts';
import { moment, sessionView, shownRecords } from '../model/watch.ts';
import { phaseOf, stateText } from '../model/words.ts';
import { ChartPicture } from '../parts/chart.tsx';
import { LockPanel } from '../parts/lock-panel.tsx';
import { SessionTime } from '../parts/session-time.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { Waterfall } from '../parts/waterfall.tsx';
import { CatalogPane } from './catalog.tsx';
import { ConversationPane } from './conversation.tsx';

const tabs = ['Calls', 'Conversation', 'Catalog'] as const;

function Heading({ sessionId, shown }: { sessionId: string; shown: ShownSession | null }) {
  void rowsVersion.value;
  const row = rows.get(sessionId);
  const state = shown?.session.state ?? row?.state;
  const phase = phaseOf(state);
  const fault = shown?.session.fault ?? row?.fault;
  return (
    <header class="session-head">
      <nav aria-label="Breadcrumb" class="crumbs">
        <a href={hrefOf({ view: 'overview' })}>Sessions</a>
        {row?.member && <span>{row.member}</span>}
      </nav>
      <h1>{shown?.session.title ?? row?.title ?? sessionId}</h1>
      <p class="session-facts">
        <span class="state-chip" data-phase={phase}>
          <i class="swatch" data-phase={phase} aria-hidden="true" />
          {stateText(state)}
        </span>
        <code class="id">{sessionId}</code>
        {shown?.session.turnId && (
          <span>
            turn <code class="id">{shown.session.turnId}</code>
          </span>
        )}
        {shown && <span>{shown.session.tools.length} tools</span>}
      </p>
      {fault && (
        <p class="notice" data-tone="bad">
          <strong>{fault.code}</strong> {fault.message}
        </p>
      )}
    </header>
  );
}

/** The outermost state that is more than a name: what happens in it is what one looks for. */
function busyState(state: unknown): string | null {
  const [name] = Object.keys(typeof state === 'string' ? {} : Object(state));
  return name ?? null;
}

/** How the reader likes the chart; it stays so from session to session. */
const isWhole = signal(false);
const isHidden = signal(false);

function ChartButtons({ busy }: { busy: string | null }) {
  return (
    <div class="chart-buttons">
      {busy !== null && !isHidden.value && (
        <button type="button" class="chip" onClick={() => (isWhole.value = !isWhole.value)}>
          {isWhole.value ? `Only ${busy}` : 'Whole chart'}
        </button>
      )}
      <button
        type="button"
        class="chip"
        aria-expanded={!isHidden.value}
        onClick={() => (isHidden.value = !isHidden.value)}
      >
        {isHidden.value ? 'Show chart' : 'Hide chart'}
      </button>
    </div>
  );
}

function ChartPane({ shown }: { shown: ShownSession }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(loadDrawings, []);
  const machine = drawings.value?.session;
  const { state, previousState, changedSeq } = shown.session;
  const isFirst = previousState === null || changedSeq === 0;
  const move = isFirst ? null : { from: previousState, to: state, id: changedSeq };
  const busy = busyState(state);
  useEffect(() => {
    // Where the chart is wider than its place, the lock is what one came for.
    const element = place.current;
    const holder = element?.querySelector('[data-state^="running.dispatch."].active');
    if (!element || !holder) return;
    const from = element.getBoundingClientRect();
    const to = holder.getBoundingClientRect();
    element.scrollLeft += to.left + to.width / 2 - from.left - from.width / 2;
  }, [machine, isWhole.value, isHidden.value]);
  return (
    <section class="chart-pane" aria-label="State chart" data-hidden={isHidden.value}>
      {!isHidden.value && (
        <div
          class="chart-scroll"
          ref={place}
          tabIndex={0}
          role="region"
          aria-label="State chart, scrollable"
        >
          {machine ? (
            <ChartPicture
              drawing={machine.drawing}
              state={state}
              move={move}
              title="State chart of the session"
              within={isWhole.value ? null : busy}
            />
          ) : (
            <p class="quiet">Drawing the chart …</p>
          )}
        </div>
      )}
      <ChartButtons busy={busy} />
    </section>
  );
}

function Unknown({ sessionId }: { sessionId: string }) {
  if (link.value.type !== 'live' || shownRecords.value === undefined) {
    return <p class="quiet pad">Looking at the session …</p>;
  }
  return (
    <div class="empty">
      <h2>This session is not open</h2>
      <p>
        Nothing is known of <code class="id">{sessionId}</code> here: it was closed, or another
        service has it. <a href={hrefOf({ view: 'overview' })}>All sessions</a>
      </p>
    </div>
  );
}

/** The session. */
export function SessionPage({ sessionId }: { sessionId: string }) {
  const shown = sessionView.value;
  const tab = useSignal<(typeof tabs)[number]>('Calls');
  const isLive = moment.value === null;
  const lastAt = shown?.turns.at(-1)?.startedAt ?? 0;
  const at = isLive ? Date.now() + clockSkewMs.peek() : Math.max(lastAt, momentOf());
  return (
    <div class="session">
      <div class="session-top">
        <Heading sessionId={sessionId} shown={shown} />
        {shown && <LockPanel session={shown.session} at={isLive ? null : at} />}
      </div>
      {shown ? (
        <div class="session-body">
          <div class="session-left">
            <ChartPane shown={shown} />
            {about.value?.kind === 'live' && <SessionTime />}
          </div>
          <div class="session-right">
            <Tabs
              names={tabs}
              label="About this session"
              chosen={tab.value}
              onChoose={(name) => (tab.value = name)}
            >
              {tab.value === 'Calls' && <Waterfall shown={shown} isLive={isLive} at={at} />}
              {tab.value === 'Conversation' && (
                <ConversationPane sessionId={sessionId} shown={shown} />
              )}
              {tab.value === 'Catalog' && <CatalogPane sessionId={sessionId} shown={shown} />}
            </Tabs>
          </div>
        </div>
      ) : (
        <Unknown sessionId={sessionId} />
      )}
    </div>
  );
}

/** When the moment is that the reader stands at. */
function momentOf(): number {
  if (about.value?.kind === 'replay') return now.value.at;
  const seq = moment.value;
  const records = shownRecords.value?.records ?? [];
  const last = seq === null ? records.at(-1) : records.findLast((record) => record.seq <= seq);
  return last?.at ?? 0;
}

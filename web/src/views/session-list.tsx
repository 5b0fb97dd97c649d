/** The list of sessions. Only the rows that can be seen exist, so that ten thousand scroll like ten. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { SessionRow } from '../../../src/service/inspection/frame.ts';
import { about, clockSkewMs, now, rows, rowsVersion } from '../model/run.ts';
import { hrefOf } from '../model/route.ts';
import { agoText, countText, phaseOf } from '../model/words.ts';
import { LockSign } from '../parts/lock-sign.tsx';
import { useThrottled } from '../parts/throttled.ts';
import { listedIds, phaseFilter, search, sort, sortBy, type SortKey } from './session-filter.ts';

const columns: readonly {
  readonly key: SortKey;
  readonly label: string;
  readonly isNumber?: true;
}[] = [
  { key: 'name', label: 'session' },
  { key: 'member', label: 'member' },
  { key: 'state', label: 'state' },
  { key: 'lock', label: 'lock' },
  { key: 'inFlight', label: 'in flight', isNumber: true },
  { key: 'calls', label: 'calls', isNumber: true },
  { key: 'failures', label: 'failed', isNumber: true },
  { key: 'lastAt', label: 'last event', isNumber: true },
];

/** Rows beyond the edges, so that a fast wheel does not show a gap. */
const overscan = 10;

function Head() {
  const { key: by, isDown } = sort.value;
  return (
    <div class="list-head" role="row" aria-rowindex={1}>
      {columns.map(({ key, label, isNumber }) => (
        <div
          key={key}
          role="columnheader"
          class={`cell cell-${key}${isNumber ? ' number' : ''}`}
          aria-sort={by === key ? (isDown ? 'descending' : 'ascending') : 'none'}
        >
          <button type="button" onClick={() => sortBy(key)}>
            {label}
            <span class="sort-sign" aria-hidden="true">
              {by === key ? (isDown ? '↓' : '↑') : ''}
            </span>
          </button>
        </div>
      ))}
    </div>
  );
}

function Row({ row, index, top, at }: { row: SessionRow; index: number; top: number; at: number }) {
  const { id, title, member, state, mode, inFlight, calls, failures, lastAt, fault } = row;
  const phase = phaseOf(state);
  return (
    <div
      class="list-row"
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" class="cell cell-name">
        <a href={hrefOf({ view: 'session', sessionId: id })} data-index={index}>
          <span class="row-title">{title ?? id}</span>
          {title !== null && <span class="row-id">{id.slice(-12)}</span>}
        </a>
      </div>
      <div role="cell" class="cell cell-member">
        {member ?? ''}
      </div>
      <div role="cell" class="cell cell-state" title={fault?.message ?? phase}>
        <i class="swatch" data-phase={phase} aria-hidden="true" />
        {phase}
      </div>
      <div role="cell" class="cell cell-lock">
        <LockSign mode={mode} />
      </div>
      <div role="cell" class="cell cell-inFlight number" data-some={inFlight > 0}>
        {countText(inFlight)}
      </div>
      <div role="cell" class="cell cell-calls number" data-some={calls > 0}>
        {countText(calls)}
      </div>
      <div role="cell" class="cell cell-failures number" data-bad={failures > 0}>
        {countText(failures)}
      </div>
      <div role="cell" class="cell cell-lastAt number">
        {agoText(at - lastAt)}
      </div>
    </div>
  );
}

function Filters({ shown }: { shown: number }) {
  const total = rows.size;
  return (
    <div class="list-filters">
      <input
        type="search"
        class="search"
        placeholder="Search by title, id, member, lock"
        aria-label="Search sessions"
        value={search.value}
        onInput={({ currentTarget }) => (search.value = currentTarget.value)}
      />
      {phaseFilter.value !== null && (
        <button type="button" class="chip" onClick={() => (phaseFilter.value = null)}>
          {phaseFilter.value} only <span aria-hidden="true">×</span>
        </button>
      )}
      <span class="list-count" role="status">
        {shown === total ? countText(total) : `${countText(shown)} of ${countText(total)}`} sessions
      </span>
    </div>
  );
}

function Empty() {
  const isReplay = about.value?.kind === 'replay';
  if (rows.size > 0) {
    return (
      <div class="empty">
        <h2>No session fits</h2>
        <p>Try fewer words, or another state.</p>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>No sessions yet</h2>
      <p>
        {isReplay
          ? 'At this moment of the run no session was open. Move on with the slider below.'
          : 'As soon as a client makes a session, it is listed here with its state chart and its calls. With the service running:'}
      </p>
      {!isReplay && (
        <pre class="command">
          curl -X POST {location.origin}/api/sessions -H "Authorization: Bearer $TOKEN"
        </pre>
      )}
    </div>
  );
}

/** Moves between rows with the arrow keys; the browser brings the focused one into view. */
function moveFocus(event: KeyboardEvent, list: HTMLElement, rowHeight: number): void {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
  const step = steps[event.key];
  const { target } = event;
  if (step === undefined || !(target instanceof HTMLElement)) return;
  const from = target.dataset['index'];
  if (from === undefined) return;
  event.preventDefault();
  const index = Math.max(0, Number(from) + step);
  const top = index * rowHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + rowHeight * 2 > list.scrollTop + list.clientHeight) {
    list.scrollTop = top + rowHeight * 2 - list.clientHeight;
  }
  requestAnimationFrame(() =>
    requestAnimationFrame(() =>
      list.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus(),
    ),
  );
}

const narrow = matchMedia('(max-width: 720px)');

/** The list with its search. */
export function SessionList() {
  const version = useThrottled(rowsVersion, 100);
  const orderVersion = useThrottled(rowsVersion, 500);
  const list = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ top: 0, height: 640 });
  const isNarrow = useSignal(narrow.matches);
  const rowHeight = isNarrow.value ? 60 : 32;
  const ids = useMemo(listedIds, [orderVersion, search.value, phaseFilter.value, sort.value]);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      scroll.value = { top: element.scrollTop, height: element.clientHeight };
      isNarrow.value = narrow.matches;
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  void version;
  const { top, height } = scroll.value;
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const shown = ids.slice(first, Math.ceil((top + height) / rowHeight) + overscan);
  const at = about.peek()?.time === 'virtual' ? now.peek().at : Date.now() + clockSkewMs.peek();
  return (
    <section class="list" aria-label="Sessions">
      <Filters shown={ids.length} />
      {ids.length === 0 && <Empty />}
      <div
        class="list-scroll"
        hidden={ids.length === 0}
        ref={list}
        role="table"
        aria-label="Sessions"
        aria-rowcount={ids.length + 1}
        onKeyDown={(event) => list.current && moveFocus(event, list.current, rowHeight)}
      >
        <Head />
        <div class="list-rows" role="rowgroup" style={{ height: `${ids.length * rowHeight}px` }}>
          {shown.map((id, offset) => {
            const row = rows.get(id);
            const index = first + offset;
            return row && <Row key={id} row={row} index={index} top={index * rowHeight} at={at} />;
          })}
        </div>
      </div>
    </section>
  );
}

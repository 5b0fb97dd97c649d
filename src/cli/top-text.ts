/** How `top` looks: a picture and a view as lines, none longer than the screen is wide. Pure. */
import type { Limits } from '../limits.ts';
import type { Tone } from './frame-text.ts';
import { ageText, columnsOf, counted, cut, fit, plainLine, tookText } from './plain-text.ts';
import { sessionStates, type SessionState } from './service-rows.ts';
import { shortId } from './session-list.ts';
import { figuresOf, type Figures } from './top-figures.ts';
import type { Picture } from './top-picture.ts';
import { stateOf, type SessionPicture } from './top-session.ts';
import { chosenIndex, listedSessions, type View } from './top-view.ts';

/** How a line is painted. */
export type LineStyle = 'plain' | 'bold' | 'faint' | 'good' | 'bad' | 'attention' | 'chosen';

/** One line of the screen. */
export interface Line {
  /** Plain, and at most as wide as the screen. */
  readonly text: string;
  readonly style: LineStyle;
}

/** What is drawn, and where. */
export interface Scene {
  readonly picture: Picture;
  readonly view: View;
  /** The service. */
  readonly url: string;
  readonly nowMs: number;
  readonly columns: number;
  /** Infinity: as many as there are, and without what keys do. */
  readonly rows: number;
  readonly limits: Limits;
}

const line = (text: string, style: LineStyle = 'plain'): Line => ({ text, style });

/** Something on the left, something on the right. */
function spread(left: string, right: string, columns: number): string {
  if (columns === Infinity) return `${left}  ${right}`;
  const room = columns - columnsOf(right) - 1;
  return room < 10 ? cut(left, columns) : `${fit(left, room)} ${right}`;
}

const tookOrDash = (ms: number | null): string => (ms === null ? '-' : tookText(ms));

function linkText({ link, codex, gaps, reconnects }: Picture): string {
  const trouble = [
    codex && !codex.isRunning && 'Codex is down',
    gaps > 0 && counted(gaps, 'gap'),
    reconnects > 0 && counted(reconnects, 'reconnect'),
  ].filter((part) => typeof part === 'string');
  return [...trouble, link === 'lost' ? 'reconnecting' : link].join(', ');
}

function headLine({ picture, url, columns }: Scene): Line {
  const { codex, link } = picture;
  const version = codex?.version ? `  codex ${codex.version}` : '';
  const text = spread(plainLine(`sessionmesh  ${url}${version}`), linkText(picture), columns);
  const isWell = link === 'online' && codex?.isRunning !== false;
  return line(text, isWell ? 'bold' : link === 'connecting' ? 'faint' : 'bad');
}

function stateCounts({ byState }: Figures): string {
  const parts = sessionStates.flatMap((state) => {
    const number = byState[state];
    return number === undefined ? [] : `${number} ${state === 'unknown' ? 'not known' : state}`;
  });
  return parts.join(', ');
}

function figureLines(scene: Scene): readonly Line[] {
  const { picture, nowMs, columns, limits } = scene;
  const figures = figuresOf(picture, nowMs, limits);
  const { sessions, callsInFlight, callsPerSecond, p50Ms, p99Ms, questions } = figures;
  const { callsEnded, failures, turnsFailed } = figures;
  const counts = stateCounts(figures);
  const rate = callsPerSecond === null ? '-' : callsPerSecond.toFixed(1);
  const calls = [
    `calls     ${callsInFlight} in flight`,
    `${rate}/s`,
    `p50 ${tookOrDash(p50Ms)}`,
    `p99 ${tookOrDash(p99Ms)}`,
    `${callsEnded} over`,
  ].join('   ');
  const failed = [counted(failures, 'call'), counted(turnsFailed, 'turn')].join(', ');
  const wanted = questions === 0 ? '' : `   ${counted(questions, 'question')} for a person`;
  return [
    line(cut(`sessions  ${sessions}${counts === '' ? '' : `: ${counts}`}`, columns)),
    line(cut(calls, columns)),
    line(
      cut(`failed    ${failed}${wanted}`, columns),
      failures + turnsFailed > 0 ? 'bad' : questions > 0 ? 'attention' : 'plain',
    ),
  ];
}

const stateStyles: Readonly<Record<SessionState, LineStyle>> = {
  waiting: 'attention',
  working: 'good',
  failed: 'bad',
  idle: 'plain',
  unknown: 'faint',
  stored: 'faint',
};

/** For how long it does what it does, as far as that is known. */
function sinceText(session: SessionPicture, nowMs: number): string {
  const calls = [...session.calls.values()].map(({ sinceMs }) => sinceMs);
  const sinceMs = calls.length > 0 ? Math.min(...calls) : session.turnSinceMs;
  return sinceMs === null ? '' : ageText(nowMs - sinceMs);
}

/** Its title, and what it waits for. */
function aboutText({ title, calls, questions }: SessionPicture): string {
  const tools = [...calls.values()].map(({ tool }) => tool);
  const [first] = tools;
  const more = tools.length > 1 ? ` +${tools.length - 1}` : '';
  const waits = questions.size > 0 ? 'a person' : first === undefined ? '' : `${first}${more}`;
  const shown = title === '' ? '(no title)' : title;
  return waits === '' ? shown : `${shown} (${waits})`;
}

function sessionLine(session: SessionPicture, isChosen: boolean, scene: Scene): Line {
  const { nowMs, columns, rows } = scene;
  const state = stateOf(session);
  const mark = rows === Infinity ? '' : isChosen ? '> ' : '  ';
  const cells = [
    fit(state === 'unknown' ? '-' : state, 7),
    fit(sinceText(session, nowMs), 6, 'right'),
    fit(String(session.calls.size), 5, 'right'),
    fit(String(session.callsEnded), 5, 'right'),
    fit(String(session.failures), 4, 'right'),
    fit(plainLine(shortId(session.id)), 13),
    aboutText(session),
  ];
  const text = cut(`${mark}${cells.join('  ')}`, columns);
  return isChosen && rows !== Infinity
    ? line(fit(text, columns), 'chosen')
    : line(text, stateStyles[state]);
}

const headCells = [
  fit('state', 7),
  fit('since', 6, 'right'),
  fit('waits', 5, 'right'),
  fit('over', 5, 'right'),
  fit('fail', 4, 'right'),
  fit('session', 13),
  'title',
];

/** The part of a list that is seen when its `index` is to be. */
function windowOf<Item>(items: readonly Item[], index: number, size: number): readonly Item[] {
  const first = Math.max(0, Math.min(index - Math.floor(size / 2), items.length - size));
  return size === Infinity ? items : items.slice(first, first + size);
}

function emptyText({ picture, view }: Scene): string {
  if (picture.link === 'connecting') return 'connecting';
  if (view.filter.trim() !== '') return 'no session is like that; Esc shows all';
  return picture.sessions.size === 0
    ? 'no sessions yet; `sessionmesh sessions create` makes one'
    : 'no session is loaded; a shows the stored ones';
}

function filterLine({ view, columns }: Scene, listed: number): Line {
  if (view.isTyping) return line(cut(`filter: ${view.filter}_`, columns), 'attention');
  const { filter } = view;
  const text = filter === '' ? '' : `filter: ${filter}  (${counted(listed, 'session')})`;
  return line(cut(text, columns), 'attention');
}

/** Lines of the overview besides those of sessions. */
const overviewFrameRows = 7;

/** How many sessions the overview shows at once. */
export function pageRows(rows: number): number {
  return Math.max(1, rows - overviewFrameRows);
}

function overviewLines(scene: Scene): readonly Line[] {
  const { picture, view, columns, rows } = scene;
  const sessions = listedSessions(picture, view);
  const index = chosenIndex(sessions, view);
  const chosen = sessions[index];
  const shown = windowOf(sessions, index, pageRows(rows));
  const mark = rows === Infinity ? '' : '  ';
  const body =
    sessions.length === 0
      ? [line(cut(emptyText(scene), columns), 'faint')]
      : shown.map((session) => sessionLine(session, session === chosen, scene));
  return [
    headLine(scene),
    ...figureLines(scene),
    ...(rows === Infinity ? [] : [filterLine(scene, sessions.length)]),
    line(cut(`${mark}${headCells.join('  ')}`, columns), 'faint'),
    ...body,
  ];
}

const toneStyles: Readonly<Record<Tone, LineStyle>> = {
  good: 'good',
  bad: 'bad',
  attention: 'attention',
  plain: 'plain',
  faint: 'faint',
};

const clockText = (ms: number): string => new Date(ms).toLocaleTimeString('en-GB');

function callLines(session: SessionPicture, { nowMs, columns }: Scene): readonly Line[] {
  const open = [...session.calls.values()].map(({ requestId, tool, sinceMs, ...call }) => {
    const age = fit(ageText(nowMs - sinceMs), 7, 'right');
    const id = plainLine(requestId);
    return line(cut(`  waits    ${age}  ${tool} ${call.arguments}  ${id}`, columns), 'attention');
  });
  const ended = session.ended.slice(-callsShownMax).map(({ tool, outcome, tookMs, endedMs }) => {
    const took = fit(tookText(tookMs), 7, 'right');
    const text = `  ${fit(outcome, 8)} ${took}  ${tool}  ${ageText(nowMs - endedMs)} ago`;
    return line(cut(text, columns), outcome === 'answered' ? 'good' : 'bad');
  });
  const shown = open.slice(0, callsShownMax);
  const more = open.length - shown.length;
  const rest = more > 0 ? [line(`  … ${more} more wait`, 'attention')] : [];
  const all = [...ended, ...shown, ...rest];
  return all.length === 0 ? [] : [line('calls', 'bold'), ...all];
}

const callsShownMax = 5;

function eventLines({ events, history }: SessionPicture, columns: number): readonly Line[] {
  const before = history.map((text) => line(cut(`  ${text}`, columns), 'faint'));
  const told = events.map(({ atMs, what, detail, tone }) => {
    const text = `  ${clockText(atMs)}  ${fit(what, 16)}  ${detail}`;
    return line(cut(text, columns).trimEnd(), toneStyles[tone]);
  });
  return [...before, ...told];
}

function sessionLines(session: SessionPicture, scene: Scene): readonly Line[] {
  const { columns, rows, nowMs, view } = scene;
  const { id, title, cwd, callsEnded, failures } = session;
  const state = stateOf(session);
  const since = sinceText(session, nowMs);
  const doing = `${state === 'unknown' ? 'not known' : state}${since === '' ? '' : ` for ${since}`}`;
  const totals = `${counted(callsEnded, 'call')} over, ${failures} failed`;
  const calls = callLines(session, scene);
  const head = [
    headLine(scene),
    line(spread(title === '' ? '(no title)' : title, doing, columns), stateStyles[state]),
    line(cut(plainLine(`session ${id}  ${cwd}`), columns), 'faint'),
    line(cut(totals, columns)),
    ...calls,
    line('what happened', 'bold'),
  ];
  const all = eventLines(session, columns);
  if (all.length === 0) return [...head, line('  nothing since you began to look', 'faint')];
  const room = Math.max(1, rows - head.length - 1);
  const scroll = Math.min(view.scroll, Math.max(0, all.length - room));
  const end = all.length - scroll;
  return [...head, ...all.slice(Math.max(0, end - room), end)];
}

function helpText({ view }: Scene): string {
  if (view.isTyping) return 'type to filter   Enter keeps it   Esc shows all';
  return view.sessionId === null
    ? 'up/down choose   Enter look at it   / filter   a stored ones   q end'
    : 'up/down earlier and later   q back   Ctrl-C end';
}

/** The screen, from its first line to its last. */
export function topLines(scene: Scene): readonly Line[] {
  const { picture, view, columns, rows } = scene;
  const session = view.sessionId === null ? undefined : picture.sessions.get(view.sessionId);
  const isGone = view.sessionId !== null && !session;
  const lines = session
    ? sessionLines(session, scene)
    : isGone
      ? [headLine(scene), line('this session is gone; q goes back', 'attention')]
      : overviewLines(scene);
  if (rows === Infinity) return lines;
  const body = lines.slice(0, Math.max(0, rows - 1));
  const blank = Array.from({ length: Math.max(0, rows - 1 - body.length) }, () => line(''));
  return [...body, ...blank, line(cut(helpText(scene), columns), 'faint')].slice(0, rows);
}

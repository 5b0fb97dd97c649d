/**
 * The overview of a run: folded from its events, one small step for each, so that it can follow a busy
 * mesh. What changed since somebody looked last is kept apart, so that only that has to be told.
 */
import { foldTeam } from '../../history/fold-team.ts';
import type { HistoryEvent } from '../../history/record.ts';
import { emptyView, keepLast } from '../../history/view.ts';
import type { Limits } from '../../limits.ts';
import type { Occurrence } from '../../mesh/event.ts';
import type { TeamEvent } from '../../team/event.ts';
import type { TeamBudget } from '../../team/scheduler.ts';
import type {
  Counters,
  HostRow,
  OverviewView,
  SessionFacts,
  SessionRow,
  TeamView,
  WaitingRow,
} from './frame.ts';
import { Latencies } from './latencies.ts';
import { teamRow } from './team-row.ts';

type Row = { -readonly [Key in keyof SessionRow]: SessionRow[Key] } & {
  /** The number of the event that changed it last. */
  seq: number;
  isOver: boolean;
};

type Tally = { -readonly [Key in keyof Omit<Counters, 'perSecond' | 'p50Ms' | 'p99Ms'>]: number };

/** What changed since the last time; what is undefined did not. */
export interface OverviewChanges {
  readonly host: HostRow | null | undefined;
  readonly rows: readonly SessionRow[];
  readonly gone: readonly string[];
  readonly isTeamChanged: boolean;
}

function written({ seq: _seq, isOver: _isOver, ...row }: Row): SessionRow {
  return row;
}

/** The overview of one run. */
export class Overview {
  readonly #limits: Limits;
  readonly #rows = new Map<string, Row>();
  readonly #changed = new Set<Row>();
  readonly #latencies: Latencies;
  readonly #tally: Tally;
  /** Only its teams are folded: the rest is too much work for a mesh that is looked at. */
  readonly #run = emptyView();
  /** Of as many teams as the fold keeps. */
  readonly #budgets = new Map<string, TeamBudget>();
  #host: HostRow | null = null;
  #gone: string[] = [];
  /** Those that were dropped last, each with the number of the event that did it. */
  #dropped: { readonly id: string; readonly seq: number }[] = [];
  #over: Row[] = [];
  #isHostChanged = false;
  #isTeamChanged = false;

  /** @param since when the counting begins, in milliseconds since the Unix epoch */
  constructor(limits: Limits, since: number) {
    this.#limits = limits;
    this.#latencies = new Latencies(limits.inspectionLatenciesMax);
    this.#tally = { since, inFlight: 0, calls: 0, failures: 0, repeats: 0, declined: 0, late: 0 };
  }

  /** How the host was when somebody began to look. */
  setHost(host: HostRow | null): void {
    this.#host = host;
    this.#isHostChanged = true;
  }

  /** A session that was there when somebody began to look. */
  addSession(facts: SessionFacts, at: number, seq: number): void {
    const { id, title, state, mode, turnId, tools, calls } = facts;
    const row = this.#row(id, at, seq);
    const inFlight = calls.filter(({ outcome }) => outcome === null).length;
    Object.assign(row, { title, state, mode, turnId, tools: tools.length, inFlight });
    this.#tally.inFlight += inFlight;
  }

  /** Sessions that are not open are over. */
  endUnless(isOpen: (sessionId: string) => boolean): void {
    for (const row of this.#rows.values()) {
      if (!isOpen(row.id)) this.#end(row, { state: 'closed' });
    }
  }

  /** A session is called so from now on. One that is not listed stays so. */
  rename(sessionId: string, title: string, seq: number): void {
    const row = this.#rows.get(sessionId);
    if (row) Object.assign(this.#row(sessionId, row.lastAt, seq), { title });
  }

  /** The next event, which has the number `seq`. */
  apply(event: HistoryEvent, at: number, seq: number): void {
    if (event.type === 'mesh') this.#applyMesh(event.event, at, seq);
    else if (event.type === 'team') this.#applyTeam(event.runtime, event.event, { at, seq });
  }

  /** Everything, as of `at`. */
  view(at: number, waiting: readonly WaitingRow[]): OverviewView {
    return {
      host: this.#host,
      counters: this.counters(at),
      rows: [...this.#rows.values()].map(written),
      waiting,
      team: this.team,
    };
  }

  /** The run of a team that began last, or null. */
  get team(): TeamView | null {
    const last = [...this.#run.teams.values()].at(-1);
    return last ? teamRow(last, this.#budgets) : null;
  }

  /** The figures as of `at`. */
  counters(at: number): Counters {
    const perSecond = this.#latencies.perSecond(at);
    return { ...this.#tally, perSecond, ...this.#latencies.quantiles() };
  }

  /** The rows that changed after the event `seq`. */
  rowsSince(seq: number): readonly SessionRow[] {
    return [...this.#rows.values()].filter((row) => row.seq > seq).map(written);
  }

  /** The sessions that were dropped after the event `seq`, as far as that is known. */
  goneSince(seq: number): readonly string[] {
    return this.#dropped.filter((one) => one.seq > seq).map(({ id }) => id);
  }

  /** What changed since this was called last. */
  takeChanges(): OverviewChanges {
    const changes = {
      host: this.#isHostChanged ? this.#host : undefined,
      rows: [...this.#changed].map(written),
      gone: this.#gone,
      isTeamChanged: this.#isTeamChanged,
    };
    this.#changed.clear();
    this.#gone = [];
    this.#isHostChanged = false;
    this.#isTeamChanged = false;
    return changes;
  }

  #row(id: string, at: number, seq: number): Row {
    let row = this.#rows.get(id);
    if (!row) {
      row = {
        id,
        title: null,
        member: null,
        state: 'opening',
        mode: 'neutral',
        turnId: null,
        tools: 0,
        inFlight: 0,
        calls: 0,
        failures: 0,
        lastAt: at,
        fault: null,
        seq,
        isOver: false,
      };
      this.#rows.set(id, row);
    }
    row.lastAt = at;
    row.seq = seq;
    this.#changed.add(row);
    return row;
  }

  /** A session that is over stays for a while, so that people can see how it ended. */
  #end(row: Row, fields: Partial<Row>): void {
    Object.assign(row, fields, { isOver: true, turnId: null });
    this.#over.push(row);
    if (this.#over.length <= this.#limits.inspectionEndedRowsMax) return;
    const [oldest] = this.#over;
    this.#over = this.#over.slice(1);
    // One that was opened again lives under the same id.
    if (!oldest?.isOver || this.#rows.get(oldest.id) !== oldest) return;
    this.#rows.delete(oldest.id);
    this.#changed.delete(oldest);
    this.#gone.push(oldest.id);
    this.#dropped.push({ id: oldest.id, seq: row.seq });
    this.#dropped = this.#dropped.slice(-this.#limits.inspectionEndedRowsMax);
  }

  #setLink(link: HostRow['link'], since: number, fault: HostRow['fault']): void {
    const known = this.#host ?? { name: 'host', codex: null };
    this.setHost({ ...known, link, since, fault });
  }

  #applyMesh(event: Occurrence, at: number, seq: number): void {
    switch (event.type) {
      case 'mesh.started':
        this.setHost({
          name: event.host,
          codex: event.codex,
          link: 'online',
          since: at,
          fault: null,
        });
        return;
      case 'mesh.closed':
        this.#setLink('closed', at, null);
        return;
      case 'host.online':
        this.#setLink('online', at, null);
        return;
      case 'host.lost':
        this.#setLink('lost', at, event.fault);
        return;
      case 'host.failed':
        this.#setLink('failed', at, event.fault);
        return;
      case 'host.notice':
      case 'question.answered':
        return;
      default:
        this.#applySession(event, this.#row(event.sessionId, at, seq), at);
    }
  }

  #applySession(event: Extract<Occurrence, { sessionId: string }>, row: Row, at: number): void {
    switch (event.type) {
      case 'session.opened':
        // A session that was resumed keeps the name it was known by.
        row.title = event.title ?? row.title;
        row.tools = event.tools.length;
        row.isOver = false;
        row.fault = null;
        return;
      case 'session.changed':
        row.state = event.state;
        row.mode = event.dispatchMode;
        return;
      case 'session.closed':
        this.#end(row, { state: 'closed' });
        return;
      case 'session.failed':
        this.#end(row, { state: 'failed', fault: event.fault });
        return;
      case 'turn.started':
        row.turnId = event.turnId;
        return;
      case 'turn.ended':
        if (row.turnId === event.turnId) row.turnId = null;
        return;
      default:
        this.#applyCall(event, row, at);
    }
  }

  #applyCall(event: Extract<Occurrence, { callId: string }>, row: Row, at: number): void {
    const tally = this.#tally;
    switch (event.type) {
      case 'call.claimed':
        row.inFlight += 1;
        tally.inFlight += 1;
        return;
      case 'call.settled': {
        const hasFailed = event.success !== true;
        row.inFlight = Math.max(0, row.inFlight - 1);
        tally.inFlight = Math.max(0, tally.inFlight - 1);
        row.calls += 1;
        tally.calls += 1;
        row.failures += Number(hasFailed);
        tally.failures += Number(hasFailed);
        this.#latencies.add(at, event.durationMs);
        return;
      }
      case 'call.repeated':
        tally.repeats += 1;
        return;
      case 'call.declined':
        tally.declined += 1;
        return;
      case 'call.late':
        tally.late += 1;
        return;
      case 'call.started':
      case 'call.answered':
      case 'approval.requested':
      case 'approval.decided':
    }
  }

  #applyTeam(runtime: string, event: TeamEvent, { at, seq }: { at: number; seq: number }): void {
    foldTeam(this.#run, runtime, event);
    this.#isTeamChanged = true;
    if (event.type !== 'team.started') return;
    keepLast(this.#budgets, event.runId, event.budget, this.#limits.historyNoticesKeptMax);
    for (const [member, sessionId] of Object.entries(event.sessions)) {
      this.#row(sessionId, at, seq).member = member;
    }
  }
}

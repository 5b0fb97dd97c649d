/** A board of three members with a clock that stands still, and what was announced of it. */
import { Board, type TurnEnd } from '../../src/team/board.ts';
import type { BoardCommand } from '../../src/team/command.ts';
import type { Completion } from '../../src/team/completion.ts';
import type { BoardEvent } from '../../src/team/event.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';

export const names = ['developer', 'docs', 'reviewer'];

/** What a model is told, without the types that only the board's own callers need. */
export type Told = Readonly<Record<string, unknown>>;

interface BoardFixtureOptions {
  readonly limits?: Partial<Limits>;
  readonly completion?: Partial<Completion>;
  readonly mayHandTo?: Readonly<Record<string, readonly string[]>>;
  readonly handOffsPerTurnMax?: number;
}

export function boardFixture(options: BoardFixtureOptions = {}) {
  const events: BoardEvent[] = [];
  const limits = resolveLimits(options.limits);
  const rights = (name: string) => ({
    mayHandTo: options.mayHandTo?.[name] ?? names,
    handOffsPerTurnMax: options.handOffsPerTurnMax ?? limits.teamHandOffsPerTurnMax,
  });
  const completion: Completion = {
    doneBy: ['reviewer'],
    reviewedBy: ['reviewer'],
    artifactsMin: 1,
    ...options.completion,
  };
  let now = 1_000;
  const board = new Board({
    members: new Map(names.map((name) => [name, rights(name)])),
    completion,
    limits,
    now: () => now++,
    announce: (event) => events.push(event),
  });
  let calls = 0;
  const turnIds = new Map<string, string>();

  /** Starts a turn of `name` under a fresh id. */
  const start = (name: string): string => {
    const turnId = `turn-of-${name}-${(board.state.members.get(name)?.turns ?? 0) + 1}`;
    turnIds.set(name, turnId);
    board.startTurn(name, 60_000);
    return turnId;
  };
  const end = (name: string, facts: Partial<TurnEnd> = {}) => {
    const turnId = turnIds.get(name) ?? null;
    board.endTurn(name, { result: 'ended', turnId, error: null, reply: null, ...facts });
  };
  /** One call of `name` in its turn, with an id of its own unless one is given. */
  const ask = (name: string, command: BoardCommand, callId = `call-${++calls}`): Told => ({
    ...board.handle(name, command, { turnId: turnIds.get(name) ?? 'none', callId }),
  });
  const pull = (name: string) => ask(name, { type: 'pull' });
  const queue = (name: string, owner: string, task: string) =>
    ask(name, { type: 'queue', owner, task });
  const publish = (name: string, kind: string, summary = `the ${kind}`) =>
    ask(name, { type: 'publish', kind, summary });
  const read = (name: string, limit = 8) => ask(name, { type: 'read', limit });
  const markDone = (name: string, note = '') => ask(name, { type: 'mark-done', note });
  const task = (id: string) => board.state.tasks.get(id)!;
  const stateOf = (name: string) => board.state.members.get(name)!.life;
  const typesOf = () => events.map(({ type }) => type);

  return {
    board,
    events,
    start,
    end,
    ask,
    pull,
    queue,
    publish,
    read,
    markDone,
    task,
    stateOf,
    typesOf,
  };
}

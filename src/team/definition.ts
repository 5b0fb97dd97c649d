/** What a team is, as data: its members, what each may do, and when their work is complete. */
import { SessionMeshError } from '../errors.ts';
import type { SessionSettings } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { Completion } from './completion.ts';
import type { HandOffRights } from './hand-off.ts';

/** One member of a team. */
export interface MemberDefinition {
  /** 1-64 characters of A-Z a-z 0-9 _ -, a letter first. `system` is the team itself. */
  readonly name: string;
  /** What the member is there for, in one line. */
  readonly role: string;
  /** What it does in a turn, in order. */
  readonly steps: readonly string[];
  /** Anything else it has to know. */
  readonly instructions?: string;
  /** How its session is opened. What is left out is the host's default. */
  readonly settings?: Omit<SessionSettings, 'instructions' | 'title'>;
  /** Members it may queue work for. Default: all others. */
  readonly mayHandTo?: readonly string[];
  /** Its turns start only while none of these has work. Default: nobody. */
  readonly waitsFor?: readonly string[];
  /** Tasks it may queue within one turn. Default: `teamHandOffsPerTurnMax`. */
  readonly handOffsPerTurnMax?: number;
  /** How long a turn may take before it is interrupted. Default: `turnTimeoutMs`. */
  readonly turnTimeoutMs?: number;
}

/** A team. The order of its members is the order in which turns start. */
export interface TeamDefinition {
  readonly members: readonly MemberDefinition[];
  /** The member that is given the first task. Default: the first one. */
  readonly entry?: string;
  /**
   * Defaults: nobody reviews, one artifact is needed, and the reviewers have to be done, or
   * everybody where there are none.
   */
  readonly completion?: Partial<Completion>;
}

/** A member with nothing left open. */
export interface TeamMember extends MemberDefinition, HandOffRights {
  readonly mayHandTo: readonly string[];
  readonly waitsFor: readonly string[];
  readonly handOffsPerTurnMax: number;
  readonly turnTimeoutMs: number;
}

/** A team that was checked, with every default filled in. */
export interface TeamPlan {
  readonly members: ReadonlyMap<string, TeamMember>;
  readonly entry: string;
  readonly completion: Completion;
}

function refuse(expected: string, found: string): never {
  throw new SessionMeshError('team_invalid', { expected, found });
}

function checkNames(names: readonly string[], limits: Limits): void {
  if (names.length === 0 || names.length > limits.teamMembersMax) {
    refuse(`1 to ${limits.teamMembersMax} members`, String(names.length));
  }
  for (const [index, name] of names.entries()) {
    const wellFormed = /^[A-Za-z][\w-]{0,63}$/.test(name) && name !== 'system';
    if (!wellFormed) refuse('a name of 1-64 characters of A-Z a-z 0-9 _ -, a letter first', name);
    if (names.indexOf(name) !== index) refuse('each name once', name);
  }
}

function checkKnown(mentioned: readonly string[], names: readonly string[]): void {
  const found = mentioned.find((name) => !names.includes(name));
  if (found === undefined) return;
  throw new SessionMeshError('team_member_unknown', { expected: names.join(', '), found });
}

function checkMember(member: TeamMember): void {
  const { name, role, handOffsPerTurnMax, turnTimeoutMs } = member;
  if (role.trim() === '') refuse(`a role for ${name}`, 'a blank one');
  if (!Number.isInteger(handOffsPerTurnMax) || handOffsPerTurnMax < 0) {
    refuse(`a whole number of hand-offs for ${name}`, String(handOffsPerTurnMax));
  }
  if (!Number.isFinite(turnTimeoutMs) || turnTimeoutMs <= 0) {
    refuse(`a time above zero for the turns of ${name}`, String(turnTimeoutMs));
  }
}

/** Members that wait for each other in a circle would wait for ever. */
function checkOrder(members: ReadonlyMap<string, TeamMember>): void {
  let waiting = [...members.values()];
  for (;;) {
    const names = new Set(waiting.map(({ name }) => name));
    const held = waiting.filter(({ waitsFor }) => waitsFor.some((name) => names.has(name)));
    if (held.length === 0) return;
    if (held.length === waiting.length) {
      refuse('`waitsFor` without a circle', [...names].join(', '));
    }
    waiting = held;
  }
}

/**
 * Checks a definition and fills in what it leaves open.
 * @throws SessionMeshError `team_invalid` or `team_member_unknown`.
 */
export function resolveTeam(definition: TeamDefinition, limits: Limits): TeamPlan {
  const names = definition.members.map(({ name }) => name);
  checkNames(names, limits);
  const members = new Map<string, TeamMember>();
  for (const member of definition.members) {
    const resolved: TeamMember = {
      mayHandTo: names.filter((name) => name !== member.name),
      waitsFor: [],
      handOffsPerTurnMax: limits.teamHandOffsPerTurnMax,
      turnTimeoutMs: limits.turnTimeoutMs,
      ...member,
    };
    checkKnown([...resolved.mayHandTo, ...resolved.waitsFor], names);
    checkMember(resolved);
    members.set(member.name, resolved);
  }
  checkOrder(members);
  const { reviewedBy = [], artifactsMin = 1 } = definition.completion ?? {};
  const doneBy = definition.completion?.doneBy ?? (reviewedBy.length > 0 ? reviewedBy : names);
  const entry = definition.entry ?? names[0] ?? refuse('a member', 'none');
  checkKnown([...reviewedBy, ...doneBy, entry], names);
  if (!Number.isInteger(artifactsMin) || artifactsMin < 0) {
    refuse('a whole number of artifacts', String(artifactsMin));
  }
  return { members, entry, completion: { doneBy, reviewedBy, artifactsMin } };
}

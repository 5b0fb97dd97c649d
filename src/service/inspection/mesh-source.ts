/** A mesh in this process, looked at, with the team that runs on it. */
import type { HistoryEvent } from '../../history/record.ts';
import type { Limits } from '../../limits.ts';
import type { CallReference, MeshEvent } from '../../mesh/event.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { TeamEvent } from '../../team/event.ts';
import { CallLog } from '../call-log.ts';
import type { HostRow, RunAbout } from './frame.ts';
import { listedApproval } from './listed-question.ts';
import { sessionCatalog, sessionFacts } from './session-facts.ts';
import type { InspectionSource } from './source.ts';

/** A source, and where what happens has to be told. */
export interface MeshSource extends InspectionSource {
  /** The mesh, once there is one. */
  attach(mesh: Mesh): void;
  /** Every event of the mesh. */
  onMeshEvent(event: MeshEvent): void;
  /** Every event of the team. */
  onTeamEvent(event: TeamEvent): void;
  /** Lets go of the mesh. */
  detach(): void;
}

/** What the source of a mesh is made of. */
export interface MeshSourceOptions {
  readonly limits: Limits;
  /** What runs here: `team`. */
  readonly runtime: string;
  /** A line for people. */
  readonly name: string;
}

interface State {
  mesh: Mesh | null;
  host: HostRow | null;
  teamEvents: TeamEvent[];
  readonly titles: Map<string, string>;
}

function followHost(state: State, event: MeshEvent): void {
  const { at } = event;
  const known = state.host ?? { name: 'host', codex: null };
  if (event.type === 'mesh.started') {
    const { host: name, codex } = event;
    state.host = { name, codex, link: 'online', since: at, fault: null };
  } else if (event.type === 'host.online') {
    state.host = { ...known, link: 'online', since: at, fault: null };
  } else if (event.type === 'host.lost' || event.type === 'host.failed') {
    const link = event.type === 'host.lost' ? 'lost' : 'failed';
    state.host = { ...known, link, since: at, fault: event.fault };
  } else if (event.type === 'mesh.closed') {
    state.host = { ...known, link: 'closed', since: at, fault: null };
  }
}

/** Sessions are named when they open, and nowhere else. */
function followTitle(state: State, event: MeshEvent): void {
  if (event.type === 'session.opened' && event.title !== null) {
    state.titles.set(event.sessionId, event.title);
  } else if (event.type === 'session.closed' || event.type === 'session.failed') {
    state.titles.delete(event.sessionId);
  }
}

/** Makes the source of a mesh. */
export function meshSource({ limits, runtime, name }: MeshSourceOptions): MeshSource {
  const state: State = { mesh: null, host: null, teamEvents: [], titles: new Map() };
  const observers = new Set<(event: HistoryEvent, at: number) => void>();
  const findLive = ({ sessionId, turnId, callId, requestId }: CallReference) =>
    state.mesh
      ?.session(sessionId)
      ?.core.live.find(
        ({ call }) =>
          call.turnId === turnId && call.callId === callId && call.requestId === requestId,
      );
  const log = new CallLog(limits, findLive);
  const sessions = () => state.mesh?.sessions() ?? [];
  const titleOf = (id: string) => state.titles.get(id) ?? null;
  const about: RunAbout = {
    source: runtime,
    kind: 'live',
    time: 'wall',
    name,
    decides: true,
    converses: false,
  };
  return {
    about,
    log,
    attach(mesh) {
      state.mesh = mesh;
    },
    onMeshEvent(event) {
      followHost(state, event);
      followTitle(state, event);
      log.onMeshEvent(event);
      for (const tell of observers) tell({ type: 'mesh', runtime, event }, event.at);
    },
    onTeamEvent(event) {
      if (event.type === 'team.started') state.teamEvents = [];
      state.teamEvents = [...state.teamEvents, event].slice(-limits.inspectionTeamEventsMax);
      for (const tell of observers) tell({ type: 'team', runtime, event }, event.at);
    },
    detach() {
      state.mesh = null;
    },
    observe({ onEvent }) {
      observers.add(onEvent);
      return () => void observers.delete(onEvent);
    },
    host: () => state.host,
    sessions: () => sessions().map((one) => sessionFacts(one, titleOf(one.id), log)),
    session: (id) => {
      const session = state.mesh?.session(id);
      return session ? sessionFacts(session, titleOf(id), log) : null;
    },
    teamEvents: () => state.teamEvents,
    waiting: () =>
      sessions()
        .flatMap(({ approvals }) => approvals)
        .slice(0, limits.inspectionWaitingMax)
        .map(listedApproval),
    decide: (id, { decision, reason }) => {
      const session = sessions().find((one) => one.approvals.some((open) => open.id === id));
      const denied = reason ?? 'a person declined it';
      session?.decideApproval(id, decision === 'accept' ? true : { denied });
      return session !== undefined;
    },
    catalog: (id) => {
      const session = state.mesh?.session(id);
      return session ? sessionCatalog(session) : null;
    },
    conversation: () => Promise.resolve(null),
  };
}

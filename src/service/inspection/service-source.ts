/** A control service, looked at. */
import type { HistoryEvent } from '../../history/record.ts';
import { listedQuestion } from './listed-question.ts';
import type { ServiceCore } from '../service-core.ts';
import type { HostRow, SessionFacts } from './frame.ts';
import { sessionCatalog, sessionFacts } from './session-facts.ts';
import type { InspectionSource, PersonalDecision } from './source.ts';

const toolMethod = 'item/tool/call';

function hostRow({ keeper, startedAt }: ServiceCore): HostRow {
  const { running, version, lastExit } = keeper.health;
  return {
    name: 'codex',
    codex: version,
    link: running ? 'online' : 'lost',
    since: lastExit?.at ?? startedAt,
    fault: lastExit && !running ? { code: 'host_unreachable', message: lastExit.reason } : null,
  };
}

function decide(core: ServiceCore, id: string, given: PersonalDecision): boolean {
  const { questions, sessions } = core;
  const question = questions.find('approval', id) ?? questions.find('input', id);
  if (!question) return false;
  const { decision, scope, reason, answers } = given;
  if (question.method === toolMethod && decision === 'decline') {
    // The model is told why.
    const denied = reason ?? 'a person declined it';
    sessions.bound(question.sessionId)?.decideApproval(id, { denied });
    return true;
  }
  const response = question.kind === 'input' && decision === 'accept' ? { answers } : undefined;
  questions.decide(id, { decision, scope }, response);
  return true;
}

/** The sessions and events of a service. `name` is a line for people. */
export function serviceSource(core: ServiceCore, name: () => string): InspectionSource {
  const { keeper, questions, limits, log } = core;
  const open = () => (keeper.health.running ? keeper.mesh.sessions() : []);
  const bound = (id: string) => (keeper.health.running ? core.sessions.bound(id) : undefined);
  const factsOf = (session: ReturnType<typeof open>[number]): SessionFacts =>
    sessionFacts(session, core.sessions.title(session.id), log);
  return {
    get about() {
      return {
        source: 'serve',
        kind: 'live',
        time: 'wall',
        name: name(),
        decides: true,
        converses: true,
      } as const;
    },
    log,
    observe: ({ onEvent, onTitle }) =>
      core.observe({
        onMeshEvent: (event) => {
          const told: HistoryEvent = { type: 'mesh', runtime: 'serve', event };
          onEvent(told, event.at);
        },
        onNamed: (id, title) => onTitle(id, title, core.env.clock.now()),
      }),
    host: () => hostRow(core),
    sessions: () => open().map(factsOf),
    session: (id) => {
      const session = bound(id);
      return session ? factsOf(session) : null;
    },
    teamEvents: () => [],
    waiting: () => questions.all().slice(0, limits.inspectionWaitingMax).map(listedQuestion),
    decide: (id, decision) => decide(core, id, decision),
    catalog: (id) => {
      const session = bound(id);
      return session ? sessionCatalog(session) : null;
    },
    conversation: async (id) => {
      const view: unknown = JSON.parse(await core.views.read(id));
      return Object(view).transcript ?? [];
    },
  };
}

/** Sessions of a mesh as the feed shows them. */
import type { Session } from '../../mesh/session.ts';
import type { CallLog } from '../call-log.ts';
import type { SessionFacts } from './frame.ts';

/** A session as it is. `title` is what it is called, where somebody knows. */
export function sessionFacts(session: Session, title: string | null, log: CallLog): SessionFacts {
  const { id, state, dispatchMode: mode, turnId } = session;
  const tools = session.core.catalog.names();
  return { id, title, state, mode, turnId, tools, calls: log.list(id) };
}

/** The tools of a session exactly as the model is told of them, and the same in words. */
export function sessionCatalog(session: Session): object {
  return { tools: session.core.catalog.hostTools(), text: session.instructionText() };
}

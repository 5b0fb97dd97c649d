/** A session in short, as lists and answers show it. */
import { defaultControls } from './session-controls.ts';
import type { SessionRecord } from './session-record.ts';
import type { Thread } from './thread.ts';

/** The title of a session that nobody named. */
export const defaultTitle = 'New chat';

const previewCharsMax = 80;

/** What a session is called: its own name, or how it began. */
export function titleOf({ name, preview }: Pick<Thread, 'name' | 'preview'>): string {
  const [line = ''] = preview.trim().split('\n', 1);
  const begun = line.length > previewCharsMax ? `${line.slice(0, previewCharsMax)}…` : line;
  return name ?? (begun === '' ? defaultTitle : begun.toWellFormed());
}

/**
 * The summary of a session. `isNew`: it was made by this very request, and nothing is said in it yet.
 * Of a session that this service did not make, the controls are those it would be opened with.
 */
export function sessionSummary(
  thread: Thread,
  record: SessionRecord | undefined,
  isNew = false,
): object {
  const controls = record?.controls ?? defaultControls;
  return {
    sessionId: thread.id,
    title: titleOf(thread),
    materialized: !isNew && thread.path !== null,
    modelProvider: thread.modelProvider,
    approvalPolicy: controls.approvalPolicy,
    sessionControls: controls,
    createdAt: thread.createdAt,
    updatedAt: thread.updatedAt,
    cwd: thread.cwd,
    source: thread.source,
    projectId: null,
  };
}

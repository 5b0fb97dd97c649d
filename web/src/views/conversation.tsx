/** What was said in a session. */
import { about } from '../model/run.ts';
import { useFetched } from '../model/fetched.ts';
import type { ShownSession } from '../model/session-fold.ts';
import { timeText } from '../model/words.ts';

interface Row {
  readonly messageId: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly type: string;
  readonly content: string;
  readonly details?: string;
  readonly startedAt?: number;
}

const speakers = { user: 'You', assistant: 'Model', system: 'Codex' } as const;

function Message({ row }: { row: Row }) {
  const { role, content, details, startedAt } = row;
  return (
    <li class="message" data-role={role}>
      <span class="message-who">{speakers[role]}</span>
      <div class="message-body">
        {details === undefined ? (
          <p>{content}</p>
        ) : (
          <details>
            <summary>{content}</summary>
            <pre>{details}</pre>
          </details>
        )}
      </div>
      <time class="message-at">
        {startedAt === undefined ? '' : timeText(startedAt, false).slice(0, 8)}
      </time>
    </li>
  );
}

/** Replies are all that the events of a run tell. */
function Replies({ shown }: { shown: ShownSession }) {
  const said = shown.turns.filter(({ reply, error }) => reply !== null || error !== null);
  if (said.length === 0) {
    return (
      <div class="empty">
        <h2>Nothing was said yet</h2>
        <p>The model's reply stands here when a turn has ended.</p>
      </div>
    );
  }
  const isVirtual = about.value?.time === 'virtual';
  return (
    <ol class="messages">
      {said.map(({ turnId, reply, error, endedAt }) => (
        <li key={turnId} class="message" data-role="assistant">
          <span class="message-who">Model</span>
          <div class="message-body">
            {reply && <p>{reply}</p>}
            {error && <p class="turn-error">{error}</p>}
          </div>
          <time class="message-at">
            {endedAt === null ? '' : timeText(endedAt, isVirtual).slice(0, 8)}
          </time>
        </li>
      ))}
    </ol>
  );
}

/** The pane. */
export function ConversationPane({ sessionId, shown }: { sessionId: string; shown: ShownSession }) {
  const converses = about.value?.converses === true;
  const path = `/api/inspect/sessions/${encodeURIComponent(sessionId)}/conversation`;
  const ended = shown.turns.filter(({ endedAt }) => endedAt !== null).length;
  const fetched = useFetched(converses ? path : null, `${ended} ${shown.turns.length}`);
  if (!converses) return <Replies shown={shown} />;
  if (fetched.type === 'asking') return <p class="quiet pad">Reading the conversation …</p>;
  if (fetched.type === 'failed') {
    return (
      <p class="notice" data-tone="bad">
        The conversation could not be read: {fetched.message}.
      </p>
    );
  }
  const rows: readonly Row[] = Object(fetched.body).data ?? [];
  if (rows.length === 0) return <Replies shown={shown} />;
  return (
    <ol class="messages">
      {rows.map((row) => (
        <Message key={`${row.messageId} ${row.type}`} row={row} />
      ))}
    </ol>
  );
}

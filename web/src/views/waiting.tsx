/** What waits for a person: approvals and questions, decided here. */
import { useSignal } from '@preact/signals';
import type { WaitingRow } from '../../../src/service/inspection/frame.ts';
import { post } from '../feed/api.ts';
import { askPermission, permission } from '../model/notify.ts';
import { about, clockSkewMs, rows, waiting } from '../model/run.ts';
import { hrefOf } from '../model/route.ts';
import { agoText, durationText, jsonText } from '../model/words.ts';
import { useTicking } from '../parts/connection-notice.tsx';

interface Question {
  readonly id: string;
  readonly header?: string;
  readonly question?: string;
  readonly options?: readonly { readonly label: string; readonly description?: string }[] | null;
}

/** What a decision says besides yes or no. */
interface Decision {
  readonly decision: 'accept' | 'decline';
  readonly scope?: 'turn' | 'session';
  readonly reason?: string;
  readonly answers?: Readonly<Record<string, { readonly answers: readonly string[] }>>;
}

function questionsOf({ details }: WaitingRow): readonly Question[] {
  const { questions } = Object(details);
  return Array.isArray(questions) ? questions : [];
}

/** What is asked for, without the ids that stand elsewhere. */
function Subject({ row }: { row: WaitingRow }) {
  const details: Readonly<Record<string, unknown>> = Object(row.details);
  const { command, reason, arguments: args, tool } = details;
  const words = Array.isArray(command) ? command.join(' ') : command;
  if (tool !== undefined) return <pre class="content">{jsonText(args)}</pre>;
  if (typeof words === 'string') {
    return (
      <>
        {typeof reason === 'string' && <p>{reason}</p>}
        <pre class="content">{words}</pre>
      </>
    );
  }
  return <pre class="content">{jsonText(details)}</pre>;
}

function Answers({ row, chosen }: { row: WaitingRow; chosen: Map<string, string> }) {
  return (
    <>
      {questionsOf(row).map(({ id, header, question, options }) => (
        <fieldset key={id} class="question">
          <legend>{question ?? header ?? id}</legend>
          {options?.map(({ label, description }) => (
            <label key={label} class="option">
              <input type="radio" name={`${row.id} ${id}`} onChange={() => chosen.set(id, label)} />
              <span>{label}</span>
              {description && <span class="quiet">{description}</span>}
            </label>
          ))}
          <label class="option">
            <span>{options?.length ? 'Or in your own words' : 'Your answer'}</span>
            <input
              type="text"
              onInput={({ currentTarget }) => chosen.set(id, currentTarget.value)}
            />
          </label>
        </fieldset>
      ))}
    </>
  );
}

/** Sends a decision, and remembers how that went. */
function useDecision(id: string) {
  const isBusy = useSignal(false);
  const failure = useSignal<string | null>(null);
  const decide = async (body: Decision) => {
    isBusy.value = true;
    failure.value = null;
    try {
      await post(`/api/inspect/waiting/${encodeURIComponent(id)}/decision`, body);
    } catch (thrown) {
      isBusy.value = false;
      const { status, message } = Object(thrown);
      failure.value = status === 404 ? 'It is decided already.' : String(message);
    }
  };
  return { isBusy: isBusy.value, failure: failure.value, decide };
}

function ApprovalButtons({ row }: { row: WaitingRow }) {
  const { isBusy, failure, decide } = useDecision(row.id);
  const reason = useSignal('');
  const isTool = row.method === 'item/tool/call';
  const why = reason.value.trim();
  const decline = () => decide({ decision: 'decline', ...(why === '' ? {} : { reason: why }) });
  const lasting = () => decide({ decision: 'accept', scope: 'session' });
  return (
    <>
      <div class="decide">
        <button
          type="button"
          class="primary"
          disabled={isBusy}
          onClick={() => void decide({ decision: 'accept' })}
        >
          Approve
        </button>
        {!isTool && (
          <button type="button" disabled={isBusy} onClick={() => void lasting()}>
            Approve for the session
          </button>
        )}
        <span class="deny">
          {isTool && (
            <input
              type="text"
              placeholder="Why not (the model is told)"
              aria-label="Reason for denying"
              value={reason.value}
              onInput={({ currentTarget }) => (reason.value = currentTarget.value)}
            />
          )}
          <button type="button" class="danger" disabled={isBusy} onClick={() => void decline()}>
            Deny
          </button>
        </span>
      </div>
      <Failure text={failure} />
    </>
  );
}

function AnswerForm({ row }: { row: WaitingRow }) {
  const { isBusy, failure, decide } = useDecision(row.id);
  const chosen = useSignal(new Map<string, string>());
  const answer = () => {
    const answers = [...chosen.value].map(([id, text]) => [id, { answers: [text] }] as const);
    return decide({ decision: 'accept', answers: Object.fromEntries(answers) });
  };
  return (
    <>
      <Answers row={row} chosen={chosen.value} />
      {about.value?.decides && (
        <div class="decide">
          <button type="button" class="primary" disabled={isBusy} onClick={() => void answer()}>
            Answer
          </button>
          <button
            type="button"
            class="danger"
            disabled={isBusy}
            onClick={() => void decide({ decision: 'decline' })}
          >
            Leave unanswered
          </button>
        </div>
      )}
      <Failure text={failure} />
    </>
  );
}

function Failure({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p class="turn-error" role="alert">
      {text}
    </p>
  );
}

function Card({ row }: { row: WaitingRow }) {
  const { kind, sessionId, summary, createdAt, deadline } = row;
  const at = Date.now() + clockSkewMs.value;
  const { member, title } = rows.get(sessionId) ?? {};
  const leftMs = deadline === null ? null : Math.max(0, deadline - at);
  return (
    <li class="waiting-card">
      <header>
        <h2>{summary}</h2>
        <p class="quiet">
          <a href={hrefOf({ view: 'session', sessionId })}>{member ?? title ?? sessionId}</a> ·
          asked {agoText(at - createdAt)}
          {leftMs !== null && ` · counts as denied in ${durationText(leftMs)}`}
        </p>
      </header>
      {kind === 'input' ? (
        <AnswerForm row={row} />
      ) : (
        <>
          <Subject row={row} />
          {about.value?.decides && <ApprovalButtons row={row} />}
        </>
      )}
    </li>
  );
}

function NotificationSwitch() {
  if (permission.value === 'granted')
    return <p class="quiet">Notifications are on for this browser.</p>;
  if (permission.value !== 'default') return null;
  return (
    <button type="button" class="chip" onClick={() => void askPermission()}>
      Notify me when something waits
    </button>
  );
}

/** The page of what waits. */
export function WaitingPage() {
  const all = waiting.value;
  useTicking(1_000, all.length > 0);
  return (
    <div class="waiting">
      <header class="session-head">
        <h1>Waiting for a person</h1>
        <NotificationSwitch />
      </header>
      {all.length === 0 ? (
        <div class="empty">
          <h2>Nothing waits</h2>
          <p>
            When a tool asks before it runs, or Codex wants to know or to be allowed something, it
            stands here until somebody decides. Silence counts as a no.
          </p>
        </div>
      ) : (
        <ul class="waiting-list">
          {all.map((row) => (
            <Card key={row.id} row={row} />
          ))}
        </ul>
      )}
    </div>
  );
}

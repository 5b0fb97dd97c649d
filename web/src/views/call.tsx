/** One call, from signal to confirmation. */
import type { CallView } from '../../../src/history/view.ts';
import { about, rows } from '../model/run.ts';
import { chartState, stepWords } from '../model/call-words.ts';
import { useFetched } from '../model/fetched.ts';
import { hrefOf } from '../model/route.ts';
import { serviceKey } from '../model/session-fold.ts';
import { sessionView } from '../model/watch.ts';
import { durationText, jsonText, timeText } from '../model/words.ts';
import { FactList, type Facts } from '../parts/facts.tsx';
import { MachineChart } from '../parts/machine-chart.tsx';
import { stateWord } from '../parts/waterfall.tsx';

function Steps({ call }: { call: CallView }) {
  const isVirtual = about.value?.time === 'virtual';
  const begun = call.steps[0]?.at ?? 0;
  return (
    <ol class="steps" aria-label="What happened to the call">
      {call.steps.map((step, index) => {
        const { name, reason, tone } = stepWords(step, call);
        const before = call.steps[index - 1]?.at ?? step.at;
        return (
          <li key={`${step.seq} ${index}`} class="step" data-tone={tone}>
            <time>{timeText(step.at, isVirtual)}</time>
            <span class="step-after">
              {index === 0 ? '' : `+${durationText(step.at - before)}`}
            </span>
            <span class="step-name">{name}</span>
            <span class="step-reason">{reason}</span>
          </li>
        );
      })}
      <li class="step step-sum">
        <span>in all</span>
        <span class="step-after">{durationText((call.steps.at(-1)?.at ?? begun) - begun)}</span>
      </li>
    </ol>
  );
}

/** The texts of an answer; what is no text is shown as it is. */
function answerText(output: unknown): string {
  const { contentItems } = Object(output);
  const items: readonly unknown[] = Array.isArray(contentItems) ? contentItems : [];
  const texts = items.map((item) => {
    const { type, text } = Object(item);
    return type === 'inputText' && typeof text === 'string' ? text : jsonText(item);
  });
  return texts.length > 0 ? texts.join('\n') : jsonText(output);
}

function Content({ call }: { call: CallView }) {
  const query = new URLSearchParams({ key: serviceKey(call) });
  const path = `/api/inspect/sessions/${encodeURIComponent(call.sessionId)}/call?${query}`;
  const isReplay = about.value?.kind === 'replay';
  const fetched = useFetched(isReplay ? null : path, call.state);
  if (isReplay)
    return (
      <p class="quiet">A history holds no arguments and no results, only that they were there.</p>
    );
  if (fetched.type === 'asking') return <p class="quiet">Reading …</p>;
  if (fetched.type === 'failed') return <p class="quiet">Its content is not kept any more.</p>;
  const { arguments: args, output } = Object(fetched.body);
  const isFailure = Object(output).success === false;
  return (
    <>
      <section>
        <h2>Arguments</h2>
        {args === undefined ? (
          <p class="quiet">Not kept any more.</p>
        ) : (
          <pre class="content">{jsonText(args)}</pre>
        )}
      </section>
      <section>
        <h2>{isFailure ? 'Answer: a failure' : 'Answer'}</h2>
        {output === null || output === undefined ? (
          <p class="quiet">
            {call.settledAt === null ? 'There is none yet.' : 'Not kept any more.'}
          </p>
        ) : (
          <pre class="content" data-tone={isFailure ? 'bad' : 'plain'}>
            {answerText(output)}
          </pre>
        )}
      </section>
    </>
  );
}

function factsOf(call: CallView): Facts {
  return [
    ['turn', call.turnId],
    ['call', call.callId],
    ['request', String(call.requestId)],
    ['starts of its handler', String(Math.max(call.starts, call.startedAt === null ? 0 : 1))],
    ['deliveries', String(call.repeats + 1)],
    ['answers handed over', String(call.submissions)],
    ...(call.code === null ? [] : [['code', call.code] as const]),
    ...(call.ledger === null
      ? []
      : [['in the ledger', call.ledger.outcome ?? call.ledger.state] as const]),
  ];
}

/** The page of a call. */
export function CallPage({ sessionId, callKey }: { sessionId: string; callKey: string }) {
  const shown = sessionView.value;
  const call = shown?.calls.get(callKey);
  const title = shown?.session.title ?? rows.get(sessionId)?.title ?? 'Session';
  return (
    <div class="call-page">
      <nav aria-label="Breadcrumb" class="crumbs">
        <a href={hrefOf({ view: 'overview' })}>Sessions</a>
        <a href={hrefOf({ view: 'session', sessionId })}>{title}</a>
      </nav>
      {call ? (
        <>
          <header class="session-head">
            <h1>
              {call.namespace && <span class="quiet">{call.namespace}/</span>}
              {call.tool}
              <span class="call-word" data-tone={call.success === false ? 'bad' : 'plain'}>
                {stateWord(call)}
              </span>
            </h1>
          </header>
          <div class="call-body">
            <div class="call-left">
              <Steps call={call} />
              <FactList facts={factsOf(call)} />
            </div>
            <div class="call-right">
              <Content call={call} />
              <MachineChart name="call" state={chartState(call)} title="State chart of the call" />
            </div>
          </div>
        </>
      ) : (
        <div class="empty">
          <h1>{shown ? 'This call is not known any more' : 'Looking for the call …'}</h1>
          {shown && <p>Only the newest calls of a session are kept.</p>}
        </div>
      )}
    </div>
  );
}

/** The bodies of answers, for the OpenAPI document. Nothing is checked against them here; the tests do. */
import { callOutcomes } from '../../machines/call-outcome.ts';
import type { JsonSchema } from '../tools/contract.ts';
import { controlProperties } from './session-controls.ts';

const text = { type: 'string' };
const whole = { type: 'integer' };
const flag = { type: 'boolean' };
const anything = {};
const iso = { type: 'string', format: 'date-time' };
const seconds = { type: 'integer', description: 'Seconds since the Unix epoch.' };
const millis = { type: 'integer', description: 'Milliseconds since the Unix epoch.' };

const only = (value: string): JsonSchema => ({ type: 'string', const: value });
const oneOf = (...values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
const orNull = ({ type, ...rest }: JsonSchema): JsonSchema => ({ type: [type, 'null'], ...rest });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members; a name that ends in `?` may be left out. More members may come. */
function shape(members: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const entries = Object.entries(members);
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, schema]) => [name.replace('?', ''), schema]),
    ),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
  };
}

const data = (name: string): JsonSchema => shape({ data: listOf(ref(name)) });

const sessionMembers = {
  sessionId: text,
  title: text,
  materialized: flag,
  modelProvider: text,
  approvalPolicy: controlProperties.approvalPolicy,
  sessionControls: ref('SessionControls'),
  createdAt: seconds,
  updatedAt: seconds,
  cwd: text,
  source: text,
  projectId: { type: 'null' },
};

const sessionStatus = {
  ...shape({
    type: oneOf('active', 'idle', 'systemError', 'notLoaded'),
    'activeFlags?': {
      ...listOf(text),
      description: 'What it waits for: waitingOnClient, waitingOnApproval, waitingOnUserInput.',
    },
  }),
  description: 'What it does right now, in the words of Codex.',
};

const thread = {
  ...shape({
    id: text,
    preview: text,
    modelProvider: text,
    createdAt: seconds,
    updatedAt: seconds,
    cwd: text,
    source: anything,
    'turns?': listOf(ref('Turn')),
  }),
  description: 'As Codex tells of it.',
};

const turn = shape({
  id: text,
  status: oneOf('inProgress', 'completed', 'failed', 'interrupted'),
  items: listOf({ type: 'object' }),
  'error?': anything,
});

const transcriptRow = shape({
  messageId: text,
  turnId: text,
  role: oneOf('user', 'assistant', 'system'),
  type: text,
  content: text,
  'details?': text,
  status: oneOf('streaming', 'complete', 'canceled', 'error'),
  'startedAt?': millis,
  'completedAt?': millis,
});

const pendingCall = shape({
  requestId: { type: 'string', description: 'Never given again. Safe in a path.' },
  method: only('item/tool/call'),
  threadId: text,
  turnId: text,
  itemId: text,
  callId: text,
  tool: text,
  arguments: { description: 'What the model wrote, unchecked.' },
  summary: text,
  details: { type: 'object' },
  createdAt: iso,
  status: only('pending'),
});

const callMembers = {
  callId: text,
  requestId: orNull({ type: 'string', description: 'What a client answers it by.' }),
  threadId: text,
  turnId: text,
  tool: text,
  namespace: orNull(text),
  servedBy: oneOf('client', 'service'),
  state: oneOf('waiting', 'running', 'submitting', 'expiring', ...callOutcomes),
  outcome: { type: ['string', 'null'], enum: [...callOutcomes, null] },
  success: orNull(flag),
  code: orNull({ type: 'string', description: 'Why it failed; see the table of errors.' }),
  attempts: { type: 'integer', description: 'Starts of its handler.' },
  deliveries: { type: 'integer', description: 'How often Codex asked for it.' },
  submissions: { type: 'integer', description: 'How often its answer was handed to Codex.' },
  createdAt: iso,
  startedAt: orNull(iso),
  answeredAt: orNull(iso),
  endedAt: orNull(iso),
};

const callDetail = shape({
  ...callMembers,
  arguments: anything,
  result: { anyOf: [ref('ToolOutput'), { type: 'null' }] },
  isContentKept: {
    type: 'boolean',
    description: 'False: the arguments and the result are given up to make room.',
  },
});

const toolOutput = shape({ success: flag, contentItems: listOf({ type: 'object' }) });

const question = (id: 'approvalId' | 'requestId'): JsonSchema =>
  shape({
    [id]: text,
    method: text,
    threadId: text,
    turnId: orNull(text),
    itemId: orNull(text),
    summary: text,
    details: anything,
    createdAt: iso,
    status: only('pending'),
  });

const health = shape({
  status: oneOf('ok', 'degraded'),
  service: only('api'),
  codex: shape({
    running: flag,
    pid: orNull(whole),
    initialized: flag,
    version: orNull(text),
    'lastExit?': { type: 'object' },
  }),
  orchestratorQueue: { type: 'object' },
  auth: { type: 'object' },
  timestamp: iso,
});

const error = shape({
  status: only('error'),
  code: text,
  message: text,
  'issues?': listOf(shape({ code: text, path: { type: 'array' }, message: text })),
  'details?': { type: 'object' },
});

/** All of them, by name. */
export const answerSchemas = {
  SessionControls: shape({
    model: orNull(text),
    approvalPolicy: controlProperties.approvalPolicy,
    networkAccess: controlProperties.networkAccess,
    filesystemSandbox: controlProperties.filesystemSandbox,
    settings: { type: 'object' },
  }),
  Session: shape(sessionMembers),
  SessionStatus: sessionStatus,
  ListedSession: shape({ ...sessionMembers, status: ref('SessionStatus') }),
  Thread: thread,
  Turn: turn,
  TranscriptRow: transcriptRow,
  OpenedSession: shape({ session: ref('Session'), thread: ref('Thread') }),
  SessionView: shape({
    session: ref('Session'),
    thread: ref('Thread'),
    transcript: listOf(ref('TranscriptRow')),
  }),
  SessionPage: shape({
    data: listOf(ref('ListedSession')),
    nextCursor: orNull(text),
    archived: flag,
  }),
  ChangedSession: shape({ status: only('ok'), session: ref('Session') }),
  RemovedSession: shape({
    status: only('ok'),
    sessionId: text,
    title: text,
    deletedFileCount: whole,
  }),
  ControlsOfSession: shape({
    status: only('ok'),
    sessionId: text,
    controls: ref('SessionControls'),
    defaults: ref('SessionControls'),
    defaultsEditable: flag,
    defaultLockReason: orNull(text),
  }),
  SettingsOfSession: shape({
    status: only('ok'),
    sessionId: text,
    scope: only('session'),
    settings: { type: 'object' },
  }),
  AcceptedMessage: shape({ status: only('accepted'), sessionId: text, turnId: text }),
  InterruptedTurn: shape({ status: only('ok'), sessionId: text, turnId: text }),
  NoActiveTurn: shape({ status: only('no_active_turn'), sessionId: text }),
  PendingCall: pendingCall,
  PendingCalls: data('PendingCall'),
  ToolOutput: toolOutput,
  Call: shape(callMembers),
  Calls: data('Call'),
  CallDetail: callDetail,
  FoundCall: shape({ call: ref('CallDetail') }),
  AnsweredCall: shape({ status: only('ok'), requestId: text, threadId: text }),
  FailedAnswer: shape({ status: only('error'), requestId: text }),
  Approval: question('approvalId'),
  Approvals: data('Approval'),
  DecidedApproval: shape({ status: only('ok'), approvalId: text, threadId: text }),
  Question: question('requestId'),
  Questions: data('Question'),
  AnsweredQuestion: shape({ status: only('ok'), requestId: text, threadId: text }),
  TakenLease: shape({
    status: only('ok'),
    lease: shape({ holder: text, fence: whole, expiresAt: millis }),
  }),
  ReleasedLease: shape({ status: only('ok'), sessionId: text }),
  Conflict: shape({
    status: only('conflict'),
    code: oneOf('in_flight', 'leased'),
    'requestId?': text,
    'holder?': orNull(text),
    'expiresAt?': orNull(millis),
  }),
  Deleted: shape({
    status: only('deleted'),
    sessionId: text,
    title: text,
    message: text,
    deletedAt: iso,
  }),
  NotFound: shape({ status: only('not_found'), 'message?': text }),
  Error: error,
  Health: health,
  Info: shape({ name: text, version: text }),
  Probe: shape({ status: oneOf('ok', 'draining', 'codex_down') }),
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** The name of a body. */
export type AnswerName = keyof typeof answerSchemas;

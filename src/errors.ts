/**
 * The one table of errors. Every error that leaves SessionMesh carries a code from here; `docs/errors.md`
 * is checked against it.
 */

interface ErrorRow {
  /** What went wrong, as the first words of the message. */
  readonly summary: string;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** What to do about it, unless the place that throws knows better. */
  readonly fix: string;
}

const row = (summary: string, fix: string, retryable = false): ErrorRow => ({
  summary,
  retryable,
  fix,
});

export const errorTable = {
  // Set-up
  limit_invalid: row('limit is invalid', 'correct the `limits` option'),
  option_invalid: row('option is invalid', 'correct the option'),
  text_invalid: row('text is invalid', 'pass a text that is not blank and within the limit'),

  // Tools and catalogs
  tool_invalid: row('tool definition is invalid', 'correct the tool definition'),
  tool_name_invalid: row('tool name is invalid', 'use 1-128 characters of A-Z a-z 0-9 _ -'),
  tool_name_reserved: row('tool name is reserved', 'choose another name'),
  tool_duplicate: row('tool name is used twice', 'give each tool of a session its own name'),
  tool_unknown: row('no such tool', 'add the tool to the catalog before the session opens'),
  schema_invalid: row(
    'schema is invalid',
    'pass a Standard Schema with JSON Schema, or a JSON Schema',
  ),
  json_invalid: row('data is not usable JSON', 'pass plain JSON data with bounded nesting'),
  tools_full: row('too many tools', 'give the session fewer tools, or raise `toolsMax`'),
  infer_unavailable: row(
    'tools cannot be inferred without the compiler',
    'run `npm install --save-dev ts-morph@28`, or pass the schema document as `document`',
  ),
  infer_failed: row(
    'module cannot be turned into tools',
    'correct what is listed, or write the tool with `tool()`',
  ),
  catalog_frozen: row('catalog is frozen', 'change tools in `register`, before the session opens'),

  // Transport and protocol
  frame_too_long: row('frame is too long', 'send less, or raise `frameBytesMax`'),
  message_invalid: row('message cannot be sent', 'pass plain JSON within `messageDepthMax`'),
  stream_closed: row('stream is closed', 'wait for the link to return', true),
  send_buffer_full: row('send buffer is full', 'the peer reads too slowly; check it', true),
  request_timeout: row('request was not answered in time', 'check that the host is alive', true),
  request_refused: row('request was refused', 'see the reason the host gave'),
  overloaded: row('too much is waiting', 'send less at once, or try again later', true),

  // MCP
  mcp_unavailable: row(
    'MCP is not available without its SDK',
    'run `npm install @modelcontextprotocol/client @modelcontextprotocol/server`',
  ),
  mcp_connect_failed: row(
    'MCP server cannot be reached',
    'check that it runs and what it says on stderr',
    true,
  ),
  mcp_unusable: row(
    'MCP server cannot be used',
    'correct its command, address or credentials, or use another server',
  ),
  mcp_serve_failed: row('MCP server did not start', 'choose another port, or 0 for any'),

  // Hosts
  codex_not_found: row(
    'Codex was not found',
    'install @openai/codex, or pass its path as `command`',
  ),
  host_start_failed: row('host did not start', 'run `sessionmesh doctor`'),
  host_failed: row('host has failed', 'see the cause; create a new mesh once it is fixed'),
  host_unreachable: row('host cannot be reached', 'check the address and that it listens', true),
  host_unauthorized: row('host refused the credentials', 'check the token'),
  protocol_invalid: row(
    'host sent something unexpected',
    'check that the Codex version is supported',
  ),

  // Sessions and turns
  session_unknown: row('no such session', 'check the id; `mesh.sessions()` lists the open ones'),
  session_open: row('session is open already', 'use `mesh.session(id)`'),
  session_open_failed: row('session could not be opened', 'see the cause'),
  session_closed: row('session is closed', 'create a session, or resume this one by its id'),
  session_failed: row('session has failed', 'see the cause; resume the session by its id'),
  sessions_full: row('too many sessions', 'close some, or raise `sessionsMax`', true),
  mesh_closed: row('mesh is closed', 'create a new mesh'),
  turn_active: row('a turn is active already', 'wait for it, or use `session.steer(text)`', true),
  turn_none: row('no turn is active', 'send something first'),
  turn_timeout: row('turn did not end in time', 'raise `timeoutMs`; the turn was interrupted'),
  turn_lost: row('turn was not accepted before the link was lost', 'send it again', true),
  dispatch_conflict: row('dispatch mode conflict', 'call `session.resetDispatchMode()` first'),

  // Calls (these also name what the model was told)
  call_unknown: row('no such call', 'it was answered already, or its turn is over'),
  call_key_reused: row('call key was used with other arguments', 'this is a fault of the host'),
  arguments_invalid: row('arguments are invalid', 'correct the arguments and call again'),
  handler_failed: row('tool failed', 'see the log; nothing of the error is shown to the model'),
  handler_timeout: row('tool did not finish in time', 'raise `timeoutMs`, or make it faster', true),
  call_denied: row('call was denied', 'nothing: the model was told why'),
  call_cancelled: row('call was cancelled', 'nothing: its turn or session is over'),
  result_invalid: row('tool result is invalid', 'return text, JSON, content items, or nothing'),
  result_too_large: row('tool result is too large', 'return less, or a reference to it'),

  approval_unknown: row('no such approval', 'it was decided already, or its call is over'),

  // Ledger
  ledger_full: row('ledger is full', 'try again later, or raise the limit it names', true),
  ledger_write_failed: row(
    'ledger could not be written',
    'check the disk; it is tried again',
    true,
  ),
  ledger_damaged: row('ledger is damaged', 'see what was found and where the file was kept'),
  ledger_held: row(
    'ledger is in use by another process',
    'stop that process, or wait for it',
    true,
  ),
  ledger_version: row('ledger was written by a newer version', 'use that version of SessionMesh'),
  ledger_open_failed: row('ledger could not be opened', 'correct the path or its permissions'),
  ledger_closed: row('ledger is closed', 'open it anew'),
  ledger_misused: row(
    'ledger entry does not follow from what is recorded',
    'see what was expected',
  ),

  // Team
  team_invalid: row('team is invalid', 'correct the team definition'),
  team_member_unknown: row('no such member', 'use one of the names of the team'),

  // History
  history_invalid: row(
    'history cannot be read',
    'see what was found; use the version that wrote it',
  ),
  history_open_failed: row('history cannot be written', 'name a file that does not exist yet'),

  // Control service
  service_start_failed: row('service did not start', 'choose another address or port'),
  service_not_running: row(
    'no service is running',
    'start one with `sessionmesh serve`, or say where it is with --url',
    true,
  ),
  service_running: row('a service runs already', 'use it, stop it, or choose another state folder'),
  session_deleted: row('session was deleted', 'create a new session'),

  // Clients of a control service
  host_unsupported: row('host cannot do this', 'use another host, or do without'),
  session_leased: row('session is leased to somebody else', 'wait until that lease ends', true),
  operation_disabled: row('operation is disabled for reliability', 'tools are create-time only'),
  wait_timeout: row('what was waited for did not happen in time', 'wait longer', true),
  wait_over: row('what was waited for cannot happen any more', 'see what was found'),

  // Testing
  clock_misused: row('virtual clock was misused', 'see what was expected'),
  env_sealed: row(
    'the environment has no way to the world outside',
    'give virtualEnv the files, network or processes that the test needs',
  ),
  model_start_failed: row('scripted model did not start', 'choose another port, or 0 for any'),
} as const satisfies Record<string, ErrorRow>;

/** The stable name of an error: what a program may branch on. */
export type ErrorCode = keyof typeof errorTable;

/** What is known about one error. Everything is optional, so say what you know. */
export interface ErrorFacts {
  readonly expected?: string;
  readonly found?: string;
  /** What to do, where it is more exact than the table's advice. */
  readonly fix?: string;
  readonly sessionId?: string;
  readonly turnId?: string;
  readonly callId?: string;
  readonly tool?: string;
  readonly cause?: unknown;
}

function composeMessage(code: ErrorCode, facts: ErrorFacts): string {
  const where = [
    facts.sessionId && `session ${facts.sessionId}`,
    facts.turnId && `turn ${facts.turnId}`,
    facts.callId && `call ${facts.callId}`,
    facts.tool && `tool ${facts.tool}`,
  ].filter(Boolean);
  const what = [
    facts.expected && `expected ${facts.expected}`,
    facts.found && `found ${facts.found}`,
  ].filter(Boolean);
  const parts = [errorTable[code].summary];
  if (what.length > 0) parts[0] += `: ${what.join(', ')}`;
  if (where.length > 0) parts.push(`(${where.join(', ')})`);
  return `${parts.join(' ')}; ${facts.fix ?? errorTable[code].fix}`;
}

/** Every error that SessionMesh throws or rejects with. Branch on `code`, show `message`. */
export class SessionMeshError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}) {
    super(
      composeMessage(code, facts),
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.name = 'SessionMeshError';
    this.code = code;
    this.retryable = errorTable[code].retryable;
    this.facts = facts;
  }

  /** The error as plain data, for events, logs and the wire. The cause stays local. */
  toJSON(): { code: ErrorCode; message: string; retryable: boolean } {
    return { code: this.code, message: this.message, retryable: this.retryable };
  }
}

/** Whether `error` is one of ours, of the given code if one is given. */
export function isSessionMeshError(error: unknown, code?: ErrorCode): error is SessionMeshError {
  return error instanceof SessionMeshError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown, also of what is no Error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

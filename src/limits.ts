/**
 * Every bound of SessionMesh, with its unit in its name and what happens when it is reached.
 * A queue, cache, buffer, retry or wait without an entry here is a bug.
 */
import { SessionMeshError } from './errors.ts';

export const defaultLimits = {
  // Frames and the JSON-RPC peer
  /** A longer line or frame closes the stream. Codex itself cuts a WebSocket frame above 16 MiB. */
  frameBytesMax: 16 * 1024 * 1024,
  /** An outgoing message nested deeper is refused. Codex drops one beyond some 127 without a word. */
  messageDepthMax: 100,
  /** More own requests wait in line. Codex answers -32001 above some 128 in flight. */
  requestsInFlightMax: 64,
  /** More own requests in line, or more bytes than `sendBufferBytesMax`: refused, `overloaded`. */
  requestsQueuedMax: 10_000,
  /** Unsent bytes above which the stream counts as dead and is closed. */
  sendBufferBytesMax: 64 * 1024 * 1024,
  /** How long a closing stream may take to flush what was sent and to see its end; then it is cut. */
  streamCloseMs: 1_000,
  /** An own request without an answer for this long fails with `request_timeout`. */
  requestTimeoutMs: 60_000,
  /** Attempts at a request that the server refuses as overloaded (-32001), the first included. */
  overloadAttemptsMax: 8,
  overloadBackoffBaseMs: 50,
  overloadBackoffCapMs: 2_000,

  // Hosts
  /** Spawn or connect plus handshake. */
  connectTimeoutMs: 20_000,
  /** A ping is sent this often over a socket; a link that is silent for twice as long is dead. */
  heartbeatMs: 15_000,
  reconnectBackoffBaseMs: 100,
  reconnectBackoffCapMs: 10_000,
  /**
   * More restarts (or links lost) than this within `restartWindowMs` and the host is `failed`; so is a
   * host over a socket that cannot be reached for as long as that.
   */
  restartsMax: 5,
  restartWindowMs: 60_000,
  /** Sessions resumed at once after a reconnect; the others wait their turn. */
  resumesInFlightMax: 8,
  /** Attempts to resume one session after a reconnect, the first included; then it is gone. */
  resumeAttemptsMax: 4,
  /** Attempts to put away a thread that Codex still holds, the first included. */
  heldThreadAttemptsMax: 4,
  /** After a reconnect, a turn that was sent before and has not appeared for this long is lost. */
  turnLandingMs: 500,
  /** Newest turns of a thread that are looked through for one that was missed; older ones stay unseen. */
  turnsListedMax: 16,
  /** How long a child process gets to exit before it is killed. */
  childExitMs: 1_500,
  /** Bytes of the child's stderr kept to explain its death; older ones are dropped. */
  childStderrBytesMax: 16 * 1024,

  // Sessions
  /** The host must open, resume or release a thread within this time. */
  openTimeoutMs: 30_000,
  releaseTimeoutMs: 5_000,
  /** How long running handlers may go on when their session closes, before they are aborted. */
  closeGraceMs: 5_000,
  /** Ended turns of a session whose record is kept; the oldest is forgotten first. */
  turnsKeptMax: 2,
  /** Calls of one turn whose records are kept for its result; later calls run without a record there. */
  turnDispatchesMax: 10_000,
  /** Different catalogs held to be shared with new sessions; an older one goes on for those that have it. */
  catalogsSharedMax: 32,
  sessionsMax: 100_000,
  /** More restarts of one session's actor than this within `restartWindowMs` and the session has failed. */
  sessionRestartsMax: 3,
  /** Default time of `sendAndHandle`. */
  turnTimeoutMs: 600_000,
  /** How long an interrupted turn may take to end before its waiters stop waiting. */
  interruptTimeoutMs: 5_000,
  /** Codex refuses a longer input. */
  textCharsMax: 1_048_576,

  // Calls
  /** Default deadline of a handler. */
  handlerTimeoutMs: 120_000,
  /** How long a call may wait for somebody to approve it; then it is denied. */
  approvalTimeoutMs: 300_000,
  /** Handlers of one session that run at once; more calls wait. */
  sessionConcurrencyMax: 8,
  /** Handlers of the mesh that run at once; more calls wait. */
  meshConcurrencyMax: 256,
  /** Calls of one session that may wait for a handler slot; one more is refused, retryable. */
  sessionWaitingMax: 64,
  /** Calls of the mesh that may wait; one more is refused, retryable. */
  meshWaitingMax: 10_000,
  /** A result above this many UTF-8 bytes of text is cut, and says so. */
  resultTextBytesMax: 256 * 1024,
  /** A result above this many bytes in all (images, audio) is refused. */
  resultBytesMax: 8 * 1024 * 1024,
  /** More pieces of content in one result are refused. */
  resultItemsMax: 1_000,
  /** A result nested deeper than this cannot be expressed, and says so. */
  resultDepthMax: 128,
  /** Arguments of more bytes, deeper, or with more values in all are refused before they are checked. */
  argumentBytesMax: 1024 * 1024,
  argumentDepthMax: 64,
  argumentValuesMax: 50_000,
  /** Problems of one set of arguments that the model is told of, and the length of that text; the rest is left out. */
  argumentProblemsMax: 5,
  argumentProblemCharsMax: 1_000,

  // Ledger and outbox
  /** Finished calls remembered by one mesh. */
  ledgerCallsMax: 65_536,
  /** Sessions whose finished calls are remembered; those of the one that was quiet for longest go first. */
  ledgerSessionsMax: 16_384,
  /** The last calls of a session that other sessions cannot push out. */
  ledgerSessionCallsMin: 1_024,
  /** A finished call is remembered at least this long after its turn ended. */
  ledgerKeepMs: 600_000,
  /** Kept answers in all; beyond it the oldest finished calls are forgotten first. */
  ledgerAnswerBytesMax: 64 * 1024 * 1024,
  /** Outcomes waiting for the host; beyond it the oldest is abandoned and counted. */
  outboxCallsMax: 10_000,
  submitBackoffBaseMs: 100,
  submitBackoffCapMs: 5_000,

  // Journal
  /**
   * Entries that are not on disk yet. Beyond it, or beyond the bytes, a new call or session is refused,
   * `ledger_full`; what becomes of calls that were taken is queued all the same.
   */
  journalQueuedMax: 10_000,
  journalQueuedBytesMax: 64 * 1024 * 1024,
  /** Turns of the event loop that one write waits for while each of them brings more to write. */
  journalTurnsMax: 8,
  /** A part of one write that reached this size takes no more entries; the next begins. */
  journalBatchBytesMax: 64 * 1024,
  /** Ends of calls and sessions are written with whatever is written next, and at most this much later. */
  journalEndsMs: 25,
  /** Under `async`: what was written is flushed to the disk at most this much later. */
  journalSyncMs: 25,
  /** Waits between attempts to write while the disk fails; new calls are refused meanwhile. */
  journalRetryBackoffBaseMs: 50,
  journalRetryBackoffCapMs: 2_000,
  /**
   * Size of the journal's file in use. Near it the oldest finished calls are forgotten before their
   * time; beyond it new calls are refused, `ledger_full`, until enough are forgotten.
   */
  journalBytesMax: 1024 * 1024 * 1024,
  /** Size of the write-ahead log above which the commit that passes it folds it into the file. */
  journalLogBytesMax: 1024 * 1024,
  /** Finished calls forgotten in one step; the others wait for the next. */
  journalStepCallsMax: 256,
  /** Free pages given back to the file system in one step. */
  journalStepPagesMax: 256,
  /** After a step that found nothing old enough, none is made for this long. */
  journalStepRestMs: 1_000,
  /** How long to wait for somebody who is just reading or writing the same few bytes of a file. */
  journalLockMs: 1_000,
  /** Problems of a journal that a check names; the others are left out. */
  journalProblemsMax: 100,

  // Reconciliation
  pollMinMs: 250,
  pollMaxMs: 2_000,
  /** A call listed by the host for this long that no signal brought: the stream counts as silent. */
  silentCallMs: 2_000,

  // Observers
  /** Events kept for a slow `mesh.events()` reader; then the oldest are dropped and `lagged` says how many. */
  eventsBufferedMax: 1_024,

  // Tools
  /** Tools of one session, members of namespaces included. */
  toolsMax: 512,
  /** A schema beyond these is refused before it is compiled. */
  schemaBytesMax: 512 * 1024,
  schemaDepthMax: 64,
  /** JSON nested this deep or deeper is refused by the tool adapters; Codex's own parser stops there too. */
  jsonDepthMax: 128,
  /** A tool's schema above this many bytes reaches the model with detail taken away, as in Codex. */
  modelSchemaBytesMax: 5_000,
  /** Parts of a plain JSON Schema once every `$ref` is followed; a schema that grows beyond is refused. */
  schemaPartsMax: 10_000,
  /** More `pattern`s in one schema, or a longer one, are refused. */
  schemaPatternsMax: 64,
  patternCharsMax: 512,
  /** States of one pattern once its counted repetitions are written out; more are refused. */
  patternStatesMax: 1_000,
  /** A text longer than this does not match any pattern; it is not even tried. */
  patternTextCharsMax: 16_384,
  /** Compiled validators kept, by schema; the least recently used is dropped. */
  validatorsMax: 1_024,
  /** Names of tools a model is told of when it calls one that does not exist; the others are counted. */
  toolNamesShownMax: 20,
  /** How long a tool that is called by hand may take, if it has no shorter deadline; then it is aborted. */
  handCallMs: 86_400_000,

  // MCP
  /** Attempts to reach a lost MCP server for the calls that wait for it; then they fail, and the next call tries anew. */
  mcpReconnectAttemptsMax: 4,
  /** Attempts to take up a broken stream of an MCP server over HTTP; then what it would have brought is lost. */
  mcpResumesMax: 5,
  /** Pages of an MCP server's list of tools; a server with more is refused. */
  mcpPagesMax: 64,
  /** Progress of an MCP server keeps a call alive until this long after its start; then its deadline stands. */
  mcpProgressMs: 3_600_000,
  /** Characters of an MCP server's own error that the model is told; the rest is left out. */
  mcpErrorCharsMax: 1_000,
  /** Clients of one served HTTP endpoint with a session; the longest idle one has to go, or the newcomer if none is. */
  mcpSessionsMax: 64,
  /** Connections to one served HTTP endpoint; more are closed at once. */
  mcpConnectionsMax: 512,
  /** A longer request to a served HTTP endpoint is answered with 413. */
  mcpRequestBytesMax: 4 * 1024 * 1024,

  // Teams
  /** Members of one team; a larger one is refused. */
  teamMembersMax: 32,
  /** Turns of one team that run at once; other members that are due wait. */
  teamConcurrencyMax: 8,
  /** Turns one member may have; a member due for one more ends the run as `budget-exceeded`. */
  teamRoundsMax: 9,
  /** Turns of all members together, with the same end. */
  teamTurnsMax: 64,
  /** A run that takes longer has its turns interrupted and ends as `budget-exceeded`. */
  teamWallMs: 3_600_000,
  /** Failed turns of a member in a row, the first included; then it is stalled. */
  teamTurnAttemptsMax: 3,
  teamRetryBackoffBaseMs: 500,
  teamRetryBackoffCapMs: 15_000,
  /** Times a task may be claimed; when the last claim ends without a result, the task has failed. */
  teamTaskAttemptsMax: 3,
  /** Times a member that is done may be given work again; then the sender is refused. */
  teamReworksMax: 3,
  /** Tasks one member may queue within one turn; one more is refused, and the sender told. */
  teamHandOffsPerTurnMax: 8,
  /** Board calls of one turn, whose results are kept to answer repeats; one more is refused. */
  teamCallsPerTurnMax: 128,
  /** Tasks of one run; one more is refused, and the sender told. */
  teamTasksMax: 256,
  /** Artifacts of one run; one more is refused. */
  teamArtifactsMax: 1_024,
  /** A longer task, summary or note is refused. */
  teamTextCharsMax: 16_384,

  // Control service
  /** A longer request body is answered 413, nested deeper or with more members 400, all before it is parsed. */
  serviceBodyBytesMax: 1024 * 1024,
  serviceBodyDepthMax: 128,
  serviceBodyMembersMax: 128 * 1024,
  /** Longer headers are answered 431, and the connection is closed. */
  serviceHeaderBytesMax: 16 * 1024,
  /** Headers or a whole request that take longer close the connection; so does one idle for the last. */
  serviceHeadersTimeoutMs: 10_000,
  serviceRequestTimeoutMs: 30_000,
  serviceKeepAliveMs: 72_000,
  /** Connections beyond this are closed at once. */
  serviceConnectionsMax: 2_048,
  /** Access tokens of one service; more are refused when it starts. */
  serviceTokensMax: 1_000,
  /** Tools that a client may give to one session, members of namespaces included; more are answered 400. */
  serviceToolsMax: 128,
  /** Problems of one request that its answer lists; the others are left out. */
  serviceIssuesMax: 20,
  /** A longer title or holder of a lease is answered 400. */
  serviceNameCharsMax: 1_000,
  /** Sessions on one page of the list, and without a wish of the client. */
  servicePageMax: 200,
  servicePageDefault: 50,
  /** Calls that wait for a client, of one session and in all; one more is refused, retryable. */
  remoteCallsMax: 10_000,
  sessionRemoteCallsMax: 512,
  /** How long a client may take for an answer or a decision before the model is told that none came. */
  remoteCallTimeoutMs: 3_600_000,
  /** A client that answers no ping for so long has lost its stream. */
  clientSilentMs: 300_000,
  /** A question to Codex on behalf of a client that takes longer is answered 504. */
  serviceAskMs: 20_000,
  /** How long an answer waits for Codex to have it; then its sender is told that it is still under way. */
  answerConfirmMs: 10_000,
  /** Messages to one session that wait for the one before them to be taken; one more is answered 429. */
  sessionMessagesQueuedMax: 64,
  /** Attempts at a message that meets the end of a turn, and the wait between them; then it is refused. */
  messageAttemptsMax: 50,
  messageRetryMs: 20,
  /** Newest turns of a thread, and newest of its calls, that are shown when a session is read. */
  sessionTurnsShownMax: 200,
  sessionCallsShownMax: 512,
  /** How often the turns of a session are read until its last one is listed as it ended; then it is said so anyway. */
  turnListAttemptsMax: 10,
  turnListRetryMs: 20,
  /** Calls of all sessions that are shown, and what is kept of their arguments and answers; the oldest go. */
  callsShownMax: 20_000,
  callContentsBytesMax: 16 * 1024 * 1024,
  /** Sessions with a turn under way that are bound again at once when the service starts, so many at a time. */
  sessionRecoveriesMax: 4,
  /** What is kept of sessions that were read, until something happens in them; the least read is dropped. */
  sessionViewsBytesMax: 32 * 1024 * 1024,
  /** Sessions whose tools and settings are remembered, and deleted ones; the oldest is forgotten. */
  sessionRecordsMax: 10_000,
  deletedSessionsMax: 10_000,
  /** Sessions with a lease; the one that expired first is forgotten, and one more than that is answered 429. */
  leasesMax: 10_000,
  /** How long a lease holds if its taker does not say, and what may be said. */
  leaseTtlMs: 30_000,
  leaseTtlMinMs: 1_000,
  leaseTtlMaxMs: 600_000,
  /** Frames kept for those who were away, and their bytes; the oldest are dropped, and `lagged` says which. */
  streamFramesKeptMax: 4_096,
  streamFramesKeptBytesMax: 16 * 1024 * 1024,
  /** Streams in all and by one token; one more is answered 429. */
  streamsMax: 1_536,
  streamsByTokenMax: 1_024,
  /** Unsent bytes of one stream; frames beyond are dropped, and `lagged` says which. */
  socketBufferBytesMax: 4 * 1024 * 1024,
  /** A longer command closes its stream. */
  streamCommandBytesMax: 256 * 1024,
  /** Sessions that one stream may name; more are refused. */
  streamSessionsMax: 1_000,
  /** How long turns and calls may go on when the service ends. */
  serviceDrainMs: 10_000,
  /** After its host has failed for good, the service makes a new one this much later. */
  serviceRevivalMs: 15_000,

  // Looking at a run
  /** Those who look at the same time; one more is answered 429. */
  inspectionViewersMax: 32,
  /** What changed is told this often. */
  inspectionTickMs: 100,
  /** Unsent bytes of one viewer; beyond, it is told nothing until it has caught up, and then `lagged`. */
  inspectionBufferBytesMax: 8 * 1024 * 1024,
  /** Sessions that one viewer watches; a command that names more is refused. */
  inspectionWatchedMax: 16,
  /** What happened in a watched session, kept for those who come back; the oldest make room. */
  inspectionRecordsKeptMax: 5_000,
  /** How long what was observed is kept after the last viewer went. */
  inspectionLingerMs: 15_000,
  /** Sessions that are over and still listed; the oldest go. */
  inspectionEndedRowsMax: 1_000,
  /** Calls whose durations the percentiles are made of: the last ones. */
  inspectionLatenciesMax: 1_024,
  /** Approvals and questions that are listed; the newest wait until older ones are decided. */
  inspectionWaitingMax: 200,
  /** Sessions and calls that an inspector is told of again when it connects; the oldest is left out. */
  inspectionActorsMax: 2_000,
  /** Events of a team that are kept for those who look later; the oldest go. */
  inspectionTeamEventsMax: 10_000,
  /** What is shown of one session of a history; the oldest records are left out. */
  replaySessionRecordsMax: 20_000,
  /** Faults and losses of a history that are marked, and gauges that are drawn; more are only counted. */
  replayMarksMax: 2_000,
  replayGaugesMax: 64,
  /** How often the end of a history that is still being written is looked at. */
  replayPollMs: 200,
  /** One-time codes for pages: how many, and how long each is good; the oldest is void. */
  pageCodesMax: 16,
  pageCodeTtlMs: 300_000,
  /** Pages that were let in, and how long without a sign of life; the one unused for longest is void. */
  pageSessionsMax: 64,
  pageSessionIdleMs: 3_600_000,

  // Clients of a control service
  /** Connections of one client; more requests wait in line, as many as `requestsQueuedMax`. */
  poolConnectionsMax: 32,
  /** A stream that broke sooner than this counts as one more failed attempt: the backoff goes on. */
  streamHealthyMs: 5_000,
  /** How long to wait until a stream has confirmed whom it follows; then it is taken to. */
  streamSettleMs: 2_000,
  /**
   * While a turn is active and nothing is heard of it, its session is read: at first this soon where the
   * stream is lost, then less and less often.
   */
  turnReadMinMs: 2_000,
  turnReadMaxMs: 30_000,
  /**
   * Reads in a row that fail, at a service that is in order and does not say why, after which a session is
   * taken to be gone: some services answer so for one that they do not have, and also when they stumble.
   */
  failedReadsMax: 5,
  /** An answer that is under way at the service is asked after this soon, then less and less often. */
  answerAgainMinMs: 100,
  answerAgainMaxMs: 2_000,
  /** Tokens that are tried for one request, each but the first read after the one before was refused. */
  tokensTriedMax: 3,
  /** How long the end of a turn waits for the reply to an answer that is under way in it. */
  answerGraceMs: 1_000,
  /** A service that asks for more patience than this is asked again all the same. */
  retryAfterMaxMs: 60_000,
  /** How long a lease of ours holds, if nothing else is said; it is renewed three times in that time. */
  leaseHoldMs: 10_000,
  /** How long to wait for somebody else's lease to end; then the session cannot be opened here. */
  leaseWaitMs: 20_000,
  /** Handlers of one route of a client's stream that run at once; more events wait. */
  routeHandlersMax: 1_024,
  /** Events that wait for one route; the oldest is dropped and counted. */
  routeEventsMax: 4_096,
  /** Calls whose records a client keeps to answer repeats; the oldest is forgotten. */
  clientCallsKeptMax: 4_096,
  /** Longest wait between two reads while somebody waits for a turn and the stream is up. */
  waitReadMaxMs: 10_000,
  /** How long after the end of a turn its reply may take to be stored. */
  replyGraceMs: 1_000,

  // Commands against a running service
  /** Sessions that a command looks through for an abbreviated id or a filter; it says so if there are more. */
  listedSessionsMax: 1_000,
  /** Newest sessions that are looked through for a call that is over, if its session is not said. */
  callSearchSessionsMax: 50,
  /** Calls that are over and that `top` still counts: in all for its figures, and those shown of a session. */
  topCallsKeptMax: 4_096,
  topSessionCallsMax: 32,
  /** Last events of a session that `top` shows; the oldest is dropped. */
  topSessionEventsMax: 64,
  /** Frames that wait for the next picture of `top`; one more and they are counted in at once. */
  topFramesWaitingMax: 4_096,
  /** How often `top` draws, at most; and over how long it measures its rates. */
  topDrawMs: 250,
  topRateMs: 10_000,
  /** How often `top` asks how Codex is. */
  topHealthMs: 5_000,
  /** Requests that `tail` remembers, to show none of them again; the oldest is forgotten. */
  tailRequestsKeptMax: 4_096,

  // History
  /** Characters of a history that wait to be written; beyond it records are left out, and their number is written. */
  historyBufferedCharsMax: 8 * 1024 * 1024,
  /** A record of more characters is left out as well, and a reader refuses a longer line. */
  historyLineCharsMax: 1024 * 1024,
  /** Lines that wait for more of them are written after this long at the latest. */
  historyFlushMs: 50,
  /** A view of a run keeps this many sessions and turns that are over; the oldest is forgotten. */
  historySessionsKeptMax: 10_000,
  historyTurnsKeptMax: 10_000,
  /** Calls that are over in such a view; the oldest is forgotten. */
  historyCallsKeptMax: 20_000,
  /** Steps of one call in such a view; later ones are only counted. */
  historyCallStepsMax: 64,
  /** Faults that are over, ended processes, notices and runs of teams in such a view; the oldest is forgotten. */
  historyNoticesKeptMax: 1_000,
  /** Records that can be travelled through; the oldest are forgotten. */
  historyRecordsKeptMax: 1_000_000,
  /** Moments at which a timeline keeps a copy of the view; when there are more, every other one is dropped. */
  historyCheckpointsMax: 64,

  // Soak
  /** Calls that are over and that a check keeps at hand; a record of an older one counts as of an unknown call. */
  checkCallsKeptMax: 200_000,
  /** Violations of one invariant that a verdict names; the others are counted. */
  checkViolationsMax: 100,
  /** Stretches of time a report shows; a longer run has longer ones. */
  reportStretchesMax: 240,
  /** Faults a report marks, and gauges it draws; the others are only counted, or left out. */
  reportFaultsMax: 2_000,
  reportGaugesMax: 24,

  // Fault proxy
  /** Bytes that wait in one direction of a connection; beyond it the proxy stops reading. */
  proxyBufferBytesMax: 1024 * 1024,
  /** Connections through one proxy; more are closed at once. */
  proxyConnectionsMax: 4_096,
  /** Proxies of one control API; more are refused. */
  proxiesMax: 256,
  /** A longer request to the control API of a proxy is answered 413. */
  proxyRequestBytesMax: 64 * 1024,

  // Testing
  /** Timers fired by one `advance` or `runUntilIdle` of a virtual clock; one more is `clock_misused`. */
  virtualTimersMax: 1_000_000,
  /** Tool calls of one turn under a script; one more fails the turn. */
  scriptCallsMax: 10_000,
  /** Signals of one simulated session kept while its link is down; the oldest are dropped. */
  missedSignalsMax: 1_024,
  /** A scripted model answers more requests at once with 429, which fails their turns. */
  modelRequestsInFlightMax: 4_096,
  /** A scripted model answers a longer request with 413, which fails its turn. */
  modelRequestBytesMax: 64 * 1024 * 1024,
  /** Requests a scripted model keeps for tests to look at; the oldest is dropped. */
  modelRequestsKeptMax: 256,
  /** Sessions a scripted model remembers; the oldest is forgotten, and its turns are counted anew. */
  modelSessionsMax: 10_000,
} as const;

/** All bounds, resolved. */
export type Limits = { readonly [K in keyof typeof defaultLimits]: number };

/** What must hold between bounds, so that two of them cannot contradict each other. */
const relations: readonly (readonly [keyof Limits, keyof Limits])[] = [
  ['overloadBackoffBaseMs', 'overloadBackoffCapMs'],
  ['reconnectBackoffBaseMs', 'reconnectBackoffCapMs'],
  ['submitBackoffBaseMs', 'submitBackoffCapMs'],
  ['journalRetryBackoffBaseMs', 'journalRetryBackoffCapMs'],
  ['journalLogBytesMax', 'journalBytesMax'],
  ['teamRetryBackoffBaseMs', 'teamRetryBackoffCapMs'],
  ['pollMinMs', 'pollMaxMs'],
  ['sessionConcurrencyMax', 'meshConcurrencyMax'],
  ['sessionWaitingMax', 'meshWaitingMax'],
  ['ledgerSessionCallsMin', 'ledgerCallsMax'],
  ['resultTextBytesMax', 'resultBytesMax'],
  ['resultBytesMax', 'frameBytesMax'],
  ['frameBytesMax', 'sendBufferBytesMax'],
  ['servicePageDefault', 'servicePageMax'],
  ['sessionRemoteCallsMax', 'remoteCallsMax'],
  ['sessionCallsShownMax', 'callsShownMax'],
  ['leaseTtlMinMs', 'leaseTtlMs'],
  ['turnReadMinMs', 'turnReadMaxMs'],
  ['answerAgainMinMs', 'answerAgainMaxMs'],
  ['leaseHoldMs', 'leaseWaitMs'],
  ['leaseWaitMs', 'openTimeoutMs'],
  ['leaseTtlMs', 'leaseTtlMaxMs'],
  ['streamsByTokenMax', 'streamsMax'],
];

/** Bounds that were looked through. They cannot change, and many meshes may share them. */
const resolved = new WeakSet<Partial<Limits>>();
const isResolved = (bounds: Partial<Limits>): bounds is Limits => resolved.has(bounds);

/**
 * The default bounds with `overrides` laid over them.
 * @throws SessionMeshError `limit_invalid` for an unknown name, a value that is not a finite number
 * above zero, or two bounds that contradict each other.
 */
export function resolveLimits(overrides: Partial<Limits> = {}): Limits {
  if (isResolved(overrides)) return overrides;
  for (const [name, value] of Object.entries(overrides)) {
    if (!(name in defaultLimits)) {
      throw new SessionMeshError('limit_invalid', { expected: 'the name of a limit', found: name });
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new SessionMeshError('limit_invalid', {
        expected: `a finite number above zero for ${name}`,
        found: String(value),
      });
    }
  }
  const limits: Limits = { ...defaultLimits, ...overrides };
  for (const [smaller, larger] of relations) {
    if (limits[smaller] > limits[larger]) {
      throw new SessionMeshError('limit_invalid', {
        expected: `${smaller} <= ${larger}`,
        found: `${limits[smaller]} > ${limits[larger]}`,
      });
    }
  }
  resolved.add(limits);
  return Object.freeze(limits);
}

resolveLimits();

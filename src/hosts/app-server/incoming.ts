/** What the server sends unasked, turned into what it means. Everything here runs on the read path. */
import { messageOf, SessionMeshError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { RpcRequest } from '../../rpc/message.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import { isRecord } from '../../tools/json.ts';
import type { HostSignal } from '../host.ts';
import { OpenCall } from './calls.ts';
import type { Link } from './link.ts';
import type { HeardNotification } from './methods.ts';
import type { AppServerMessage, AppServerTap } from './options.ts';
import { parseNotice, parseScope, parseToolCall, parseTurnNotification } from './protocol.ts';
import type { Questions } from './questions.ts';
import type { Sessions } from './sessions.ts';

/** A call that cannot be read is answered at once, because the model would wait for ever. */
const unreadable: ToolOutput = {
  success: false,
  contentItems: [{ type: 'inputText', text: 'The tool call could not be understood.' }],
};

/** What the reading needs. */
export interface IncomingOptions {
  readonly sessions: Sessions;
  readonly questions: Questions;
  readonly logger: Logger;
  readonly emit: (signal: HostSignal) => void;
  readonly onMessage?: AppServerTap['onMessage'] | undefined;
  /** The current epoch, or null before the handshake is over. */
  readonly epoch: () => string | null;
}

/** Takes the requests and notifications of a link. */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #unreadable = new Map<string, number>();

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  /** How many messages of each method had a shape that could not be read. */
  get unreadable(): ReadonlyMap<string, number> {
    return this.#unreadable;
  }

  request(link: Link, request: RpcRequest): boolean {
    if (request.method === 'item/tool/call') this.#takeCall(link, request);
    else this.#options.questions.ask(link, request);
    this.#show({ method: request.method, params: request.params, requestId: request.id });
    return true;
  }

  notification(link: Link, method: string, params: unknown): void {
    if (isHeard(method) && !this.#hear(link, method, params)) this.#discard(method);
    this.#show({ method, params });
  }

  /** Whoever watches may throw; the link must not notice. */
  #show(message: AppServerMessage): void {
    try {
      this.#options.onMessage?.(message);
    } catch (error) {
      const fields = { method: message.method, error: messageOf(error) };
      this.#options.logger.error(fields, 'a message was not watched');
    }
  }

  #takeCall(link: Link, { id, method, params }: RpcRequest): void {
    const { sessions, epoch: epochNow } = this.#options;
    const parsed = parseToolCall(params);
    const epoch = epochNow();
    if (!parsed || epoch === null) {
      this.#discard(method);
      link.respond(id, unreadable);
      return;
    }
    sessions.requestCall(new OpenCall(epoch, id, parsed, link));
  }

  /** False if the params could not be read. */
  #hear(link: Link, method: HeardNotification, params: unknown): boolean {
    switch (method) {
      case 'turn/started':
      case 'turn/completed': {
        const parsed = parseTurnNotification(params);
        if (parsed) this.#options.sessions.observeTurn(parsed.threadId, parsed.turn);
        return parsed !== null;
      }
      case 'thread/closed':
      case 'thread/archived':
      case 'thread/deleted':
        return this.#lose(link, method, params);
      case 'serverRequest/resolved':
        return this.#resolve(params);
      case 'error':
      case 'warning':
      case 'guardianWarning':
      case 'configWarning':
      case 'deprecationNotice':
        return this.#notice(method, params);
    }
  }

  #lose(link: Link, method: HeardNotification, params: unknown): boolean {
    const { sessionId } = parseScope(params);
    if (sessionId === null) return false;
    const { sessions } = this.#options;
    // What is being resumed is not meant: that is the echo of an earlier release.
    if (sessions.get(sessionId)?.link === link) {
      const found = `${method.replace('thread/', 'the thread ')} by somebody else`;
      sessions.lose(sessionId, new SessionMeshError('session_closed', { sessionId, found }));
    }
    return true;
  }

  #resolve(params: unknown): boolean {
    const requestId = isRecord(params) ? params.requestId : undefined;
    if (typeof requestId !== 'number' && typeof requestId !== 'string') return false;
    this.#options.questions.withdraw(requestId);
    return true;
  }

  #notice(method: HeardNotification, params: unknown): boolean {
    const notice = parseNotice(params);
    if (!notice) return false;
    const { sessionId, message } = notice;
    const level = levelOf(method, notice.willRetry);
    this.#options.emit({ type: 'host.notice', sessionId, level, message });
    return true;
  }

  /** Counts, and logs the first of each method only. */
  #discard(method: string): void {
    const count = (this.#unreadable.get(method) ?? 0) + 1;
    this.#unreadable.set(method, count);
    if (count === 1)
      this.#options.logger.warn({ method }, 'a message of Codex has an unknown shape');
  }
}

function levelOf(method: HeardNotification, willRetry: boolean): 'info' | 'warn' | 'error' {
  if (method === 'error') return willRetry ? 'warn' : 'error';
  return method === 'deprecationNotice' ? 'info' : 'warn';
}

const heardNotifications: Readonly<Record<HeardNotification, true>> = {
  'turn/started': true,
  'turn/completed': true,
  'thread/closed': true,
  'thread/archived': true,
  'thread/deleted': true,
  'serverRequest/resolved': true,
  error: true,
  warning: true,
  guardianWarning: true,
  configWarning: true,
  deprecationNotice: true,
};

const isHeard = (method: string): method is HeardNotification =>
  Object.hasOwn(heardNotifications, method);

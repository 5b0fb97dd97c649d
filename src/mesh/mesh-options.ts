/** What a mesh and its sessions are made of, as the user says it. */
import type { DispatchPolicy } from '../../machines/session.ts';
import type { Env } from '../env.ts';
import type { HostFactory, SessionSettings } from '../hosts/host.ts';
import type { JournalMode } from '../ledger/journal.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { CatalogDraft, CatalogPart } from '../tools/catalog.ts';
import type { Tool, ToolBundle } from '../tools/contract.ts';
import type { DispatcherStats } from './dispatcher.ts';
import type { MeshEvent } from './event.ts';

/** A session that an earlier process left open. */
export interface RecoverableSession {
  readonly sessionId: string;
  readonly title: string | null;
  /** Names of the tools it was created with, `namespace/name` for members. */
  readonly tools: readonly string[];
  /** The settings it was opened with, as plain JSON. */
  readonly settings: unknown;
  /** When it was opened, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** A durable ledger. */
export interface LedgerOptions {
  /** The file. */
  readonly path: string;
  /** What a crash may cost; default `sync`. */
  readonly mode?: JournalMode;
}

/** What a mesh is made of. All but the host is optional. */
export interface MeshOptions {
  /** Where sessions live. */
  readonly host: HostFactory;
  /** Whether the mesh moves the dispatch lock by itself (`auto`, default) or raises conflicts (`strict`). */
  readonly dispatch?: DispatchPolicy;
  /**
   * Who hands calls to the sessions: the host, by its stream and its lists (`host`, default), or their
   * user, so that nothing is served unasked (`user`).
   */
  readonly intake?: 'host' | 'user';
  /** Bounds that differ from the defaults in `limits.ts`. */
  readonly limits?: Partial<Limits>;
  /** Closes the mesh when it aborts. */
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /**
   * Where claims and outcomes are kept so that they survive a crash of this process. Left out: in
   * memory only. One process at a time may use the file.
   */
  readonly ledger?: LedgerOptions;
  /**
   * Takes the calls of tools that the catalog of their session does not have. Codex keeps the tools of a
   * thread, and whoever resumes it need not know them all. Left out: such a call is answered with the names
   * of the tools that there are.
   */
  readonly otherwise?: Tool;
  /** Told of every event from the first one on; `events$` begins when somebody subscribes. */
  readonly onEvent?: (event: MeshEvent) => void;
  /** Time, randomness and ids; for tests and simulations. */
  readonly env?: Env;
}

/** How a session gets its tools, and how long they may take. */
export interface BindingOptions {
  readonly tools?: readonly (CatalogPart | ToolBundle)[];
  /** Fills the catalog draft; may be async. Runs before anything is sent. */
  readonly register?: (draft: CatalogDraft) => void | Promise<void>;
  /** Deadline of this session's handlers, in milliseconds; a tool's own wins. */
  readonly handlerTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CreateSessionOptions extends SessionSettings, BindingOptions {}

/** As for a new session; the thread keeps the tools it was created with, so none are sent. */
export interface ResumeSessionOptions extends Omit<SessionSettings, 'title'>, BindingOptions {}

export interface MeshStats extends DispatcherStats {
  readonly sessions: number;
  /** Calls for sessions that this mesh does not have. */
  readonly strays: number;
}

/** How a mesh is closed. */
export interface MeshCloseOptions {
  /** How long running handlers may go on, in milliseconds. Default `closeGraceMs`. */
  readonly graceMs?: number;
}

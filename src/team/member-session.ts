/** What a team needs of a mesh, and nothing more. Any mesh fits by its shape. */
import type { SessionSettings, TurnStatus } from '../hosts/host.ts';
import type { Tool } from '../tools/contract.ts';

/** What is said when the session of a member opens. */
export interface TeamSessionOptions extends SessionSettings {
  readonly tools: readonly Tool[];
  /** Gives the opening up. */
  readonly signal: AbortSignal;
}

/** One turn of a session, after it ended. */
export interface TeamTurn {
  readonly turnId: string;
  readonly status: TurnStatus;
  /** The assistant's final text, or null. */
  readonly reply: string | null;
  /** Why it failed, or null. */
  readonly error: string | null;
}

/** The session of one member. */
export interface TeamSession {
  readonly id: string;
  /**
   * Sends a text, serves the tool calls of the turn and resolves when the turn has ended. After
   * `timeoutMs`, or when `signal` aborts, it interrupts the turn and rejects.
   */
  sendAndHandle(
    text: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<TeamTurn>;
  /** Idempotent. The thread is kept unless one of the options says otherwise. */
  close(options: { readonly archive?: boolean; readonly delete?: boolean }): Promise<void>;
}

/** Where the sessions of a team come from. */
export interface TeamMesh {
  createSession(options: TeamSessionOptions): Promise<TeamSession>;
}

/**
 * What the service knows of its sessions beyond what Codex does: which tools clients gave them, what was
 * set, which have a turn under way, and which were deleted. With a file it outlives the service, so that a
 * session can be served again without its client telling everything anew, and a deleted one stays deleted.
 *
 * The file is a log of one JSON text a line, written behind what happens and folded when it is read; a line
 * that is torn or unknown is passed over. It can be deleted at any time.
 */
import type { Files } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { parseRecord } from '../tools/json.ts';
import type { RemoteTool } from './remote-tool.ts';
import type { SessionControls } from './session-controls.ts';
import { compileCheck } from './validation.ts';

/** What is remembered of a session. */
export interface SessionRecord {
  readonly id: string;
  readonly title: string;
  /** Where it works, or null for where Codex itself does. */
  readonly cwd: string | null;
  /** Null: as its thread was made, by somebody else. */
  readonly controls: SessionControls | null;
  readonly tools: readonly RemoteTool[];
}

/** What is remembered of a session that was deleted. */
export interface DeletedSession {
  readonly id: string;
  readonly title: string;
  /** Milliseconds since the Unix epoch. */
  readonly deletedAt: number;
}

const text = { type: 'string' } as const;

const checkRecord = compileCheck<SessionRecord>(
  'body',
  {
    type: 'object',
    properties: {
      id: text,
      title: text,
      cwd: { type: ['string', 'null'] },
      controls: {
        type: ['object', 'null'],
        required: ['model', 'approvalPolicy', 'networkAccess', 'filesystemSandbox', 'settings'],
      },
      tools: { type: 'array', items: { type: 'object', required: ['name', 'description'] } },
    },
    required: ['id', 'title', 'cwd', 'controls', 'tools'],
  },
  1,
);

const checkDeleted = compileCheck<DeletedSession>(
  'body',
  {
    type: 'object',
    properties: { id: text, title: text, deletedAt: { type: 'number' } },
    required: ['id', 'title', 'deletedAt'],
  },
  1,
);

const checkTurn = compileCheck<{ readonly id: string }>(
  'body',
  { type: 'object', properties: { id: text }, required: ['id'] },
  1,
);

/** Lines beyond what they come to, before the file is written anew. */
const staleLinesMax = 10_000;

/** Keeps the newest entries of what grows at its end. */
function dropOldest(entries: Map<string, unknown> | Set<string>, sizeMax: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= sizeMax) return;
    entries.delete(key);
  }
}

/** What the records need. */
export interface SessionRecordsOptions {
  readonly files: Files;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Null: in memory only. */
  readonly path: string | null;
}

/** The records of one service. */
export class SessionRecords {
  readonly #options: SessionRecordsOptions;
  readonly #records = new Map<string, SessionRecord>();
  readonly #deleted = new Map<string, DeletedSession>();
  readonly #active = new Set<string>();
  #lines = 0;
  #writing: Promise<void> = Promise.resolve();

  /** Reads the file, if there is one. Never rejects: what cannot be read is not remembered. */
  static async open(options: SessionRecordsOptions): Promise<SessionRecords> {
    const records = new SessionRecords(options);
    if (options.path !== null) await records.#read(options.path);
    return records;
  }

  private constructor(options: SessionRecordsOptions) {
    this.#options = options;
  }

  get #disk(): Files['promises'] {
    return this.#options.files.promises;
  }

  get(id: string): SessionRecord | undefined {
    return this.#records.get(id);
  }

  deleted(id: string): DeletedSession | undefined {
    return this.#deleted.get(id);
  }

  /** Remembers a session, or what changed of it. */
  put(record: SessionRecord): void {
    this.#take(record);
    this.#append({ type: 'session', ...record });
  }

  /** Remembers that a session was deleted. */
  delete(session: DeletedSession): void {
    this.#drop(session);
    this.#append({ type: 'deleted', ...session });
  }

  /** Sessions with a turn under way, also one that an earlier process began; oldest first. */
  get active(): readonly string[] {
    return [...this.#active].filter((id) => this.#records.has(id));
  }

  /** Remembers whether a session has a turn under way. */
  setActive(id: string, isActive: boolean): void {
    if (this.#active.has(id) === isActive) return;
    this.#mark(id, isActive);
    this.#append({ type: isActive ? 'turn.began' : 'turn.ended', id });
  }

  /** Resolves once everything so far is written, or has failed to be. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #mark(id: string, isActive: boolean): void {
    if (isActive) this.#active.add(id);
    else this.#active.delete(id);
    dropOldest(this.#active, this.#options.limits.sessionRecordsMax);
  }

  #take(record: SessionRecord): void {
    this.#records.delete(record.id);
    this.#records.set(record.id, record);
    dropOldest(this.#records, this.#options.limits.sessionRecordsMax);
  }

  #drop(session: DeletedSession): void {
    this.#records.delete(session.id);
    this.#active.delete(session.id);
    this.#deleted.set(session.id, session);
    dropOldest(this.#deleted, this.#options.limits.deletedSessionsMax);
  }

  async #read(path: string): Promise<void> {
    const content = await this.#disk.readFile(path, 'utf8').catch((thrown: unknown) => {
      const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
      if (!isMissing) this.#warn(thrown, 'the records of sessions could not be read');
      return '';
    });
    for (const line of content.split('\n')) {
      const entry = line === '' ? null : parseRecord(line);
      if (entry) this.#fold(entry);
    }
    if (content !== '') this.#queue(() => this.#rewrite(path));
  }

  #fold({ type, ...entry }: Readonly<Record<string, unknown>>): void {
    const record = type === 'session' ? checkRecord(entry) : null;
    if (record?.ok) this.#take(record.value);
    const session = type === 'deleted' ? checkDeleted(entry) : null;
    if (session?.ok) this.#drop(session.value);
    const turn = type === 'turn.began' || type === 'turn.ended' ? checkTurn(entry) : null;
    if (turn?.ok) this.#mark(turn.value.id, type === 'turn.began');
  }

  #append(entry: object): void {
    const { path } = this.#options;
    if (path === null) return;
    this.#lines += 1;
    const size = this.#records.size + this.#deleted.size + this.#active.size;
    const isStale = this.#lines > size + staleLinesMax;
    if (isStale) this.#queue(() => this.#rewrite(path));
    else
      this.#queue(() => this.#disk.appendFile(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 }));
  }

  async #rewrite(path: string): Promise<void> {
    const entries = [
      ...[...this.#records.values()].map((record) => ({ type: 'session', ...record })),
      ...[...this.#deleted.values()].map((session) => ({ type: 'deleted', ...session })),
      ...this.active.map((id) => ({ type: 'turn.began', id })),
    ];
    this.#lines = entries.length;
    const fresh = `${path}.new`;
    const content = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await this.#disk.writeFile(fresh, content, { mode: 0o600 });
    await this.#disk.rename(fresh, path);
  }

  /** One write after the other; one that fails is logged, and the next one is tried all the same. */
  #queue(write: () => Promise<void>): void {
    this.#writing = this.#writing
      .then(write)
      .catch((thrown: unknown) =>
        this.#warn(thrown, 'the records of sessions could not be written'),
      );
  }

  #warn(thrown: unknown, message: string): void {
    this.#options.logger.warn({ error: messageOf(thrown) }, message);
  }
}

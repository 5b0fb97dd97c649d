/** A real `codex app-server` over stdio, with as little JSON-RPC as a test needs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

interface WireTurn {
  readonly id: string;
  readonly status: string;
  readonly error: { readonly message: string } | null;
  readonly items: readonly { readonly text?: string }[];
}

interface ToolCallParams {
  readonly threadId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly namespace: string | null;
  readonly tool: string;
  readonly arguments: unknown;
}

/** What of its messages the tests look at. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params: ToolCallParams & {
    readonly turn: WireTurn;
    readonly summary?: string;
    readonly message?: string;
  };
  readonly result: { readonly thread: { readonly id: string }; readonly turn: WireTurn };
  readonly error?: { readonly message: string };
}

/** The native binary, which sits in the platform's own package beside `@openai/codex`. */
function codexBinary(): string {
  const main = createRequire(import.meta.url).resolve('@openai/codex/package.json');
  const name = `@openai/codex-${process.platform}-${process.arch}`;
  const vendor = join(dirname(createRequire(main).resolve(`${name}/package.json`)), 'vendor');
  const file = process.platform === 'win32' ? 'codex.exe' : 'codex';
  const found = readdirSync(vendor)
    .map((triple) => join(vendor, triple, 'bin', file))
    .find((path) => existsSync(path));
  if (!found) throw new Error(`no ${file} under ${vendor}`);
  return found;
}

/** Answers a tool call with a text; undefined leaves it open. */
type Answer = (call: ToolCallParams) => Promise<string | undefined> | string | undefined;

/** Starts it with `env` added to the environment. Dispose of it in every case: it has its own group. */
export async function startCodex(env: Record<string, string>, answer: Answer = () => undefined) {
  const child = spawn(codexBinary(), ['app-server'], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const exited = once(child, 'exit');
  const waiting = new Map<number, (message: Message) => void>();
  const watchers = new Set<(message: Message) => void>();
  const notes: Message[] = [];
  let requests = 0;

  const write = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const request = async (method: string, params: object): Promise<Message['result']> => {
    const id = ++requests;
    const reply = new Promise<Message>((resolve) => waiting.set(id, resolve));
    write({ id, method, params });
    const { result, error } = await reply;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const onCall = async ({ id, params }: Message) => {
    const text = await answer(params);
    if (text === undefined) return;
    write({ id, result: { success: true, contentItems: [{ type: 'inputText', text }] } });
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message: Message = JSON.parse(line);
    if (message.method === 'item/tool/call') void onCall(message);
    else if (message.method === undefined) waiting.get(message.id ?? -1)?.(message);
    else notes.push(message);
    for (const watcher of watchers) watcher(message);
  });

  /** The first message from now on that `matches`. */
  const next = (matches: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve) => {
      const watcher = (message: Message) => {
        if (!matches(message)) return;
        watchers.delete(watcher);
        resolve(message);
      };
      watchers.add(watcher);
    });
  const ended = (threadId: string) =>
    next(({ method, params }) => method === 'turn/completed' && params.threadId === threadId);

  const codex = {
    notes,
    request,
    next,
    ended,
    /** Begins a thread with these dynamic tools and returns its id. */
    startThread: async (tools: object[], instructions?: string): Promise<string> => {
      const { thread } = await request('thread/start', {
        cwd: env['CODEX_HOME'],
        approvalPolicy: 'never',
        sandbox: 'read-only',
        ...(instructions !== undefined && { developerInstructions: instructions }),
        dynamicTools: tools,
      });
      return thread.id;
    },
    startTurn: (threadId: string, text: string) =>
      request('turn/start', { threadId, input: [{ type: 'text', text }] }),
    /** Runs a turn to its end: its status, error text and final words. */
    runTurn: async (threadId: string, text: string) => {
      const end = ended(threadId);
      await codex.startTurn(threadId, text);
      const { status, error, items } = (await end).params.turn;
      return { status, error: error?.message ?? null, text: items.at(-1)?.text ?? null };
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL');
        await exited;
      }
    },
  };
  await request('initialize', {
    clientInfo: { name: 'sessionmesh-test', version: '0' },
    capabilities: { experimentalApi: true },
  });
  return codex;
}

/** A dynamic tool as Codex takes it. */
export const dynamicTool = (name: string) => ({
  type: 'function',
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object', properties: { n: { type: 'number' } } },
});

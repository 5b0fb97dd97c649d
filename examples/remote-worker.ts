/**
 * A service in one process, tools in another. The worker with the tools is killed in the middle of a call and
 * another one takes its place: nothing is lost, and nothing is done twice. Codex is the real one; what it
 * asks for is scripted, so that no account is needed.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { createMesh, tool } from 'sessionmesh';
import { controlService } from 'sessionmesh/control-service';
import { scriptedCodexHome, startScriptedModel, type Script } from 'sessionmesh/testing';

const entries = ['one', 'two', 'three', 'four', 'five'];

/** The worker: it serves one session with tools that write to a file, until its turn is over. */
async function work(folder: string, url: string, tokenFile: string, sessionId?: string) {
  const book = join(folder, 'book.txt');
  const host = controlService({
    url,
    token: () => readFile(tokenFile, 'utf8'),
    // Whoever holds the lease answers for the session. It ends soon after its holder does.
    holder: `worker ${process.pid}`,
    lease: { ttlMs: 2_000 },
  });
  // The ledger outlives the worker: the next one knows what was begun, and what was answered.
  await using mesh = await createMesh({ host, ledger: { path: join(folder, 'ledger.db') } });
  const tools = [
    tool({
      name: 'add_entry',
      description: 'Writes one entry into the book.',
      input: { type: 'object', properties: { entry: { type: 'string' } }, required: ['entry'] },
      execute: async ({ entry }) => {
        await appendFile(book, `${entry}\n`);
        // Long enough to be killed after the work and before the answer.
        await pause(300);
        return `wrote ${entry}`;
      },
    }),
    tool({
      name: 'read_book',
      description: 'Reads all entries.',
      execute: () => readFile(book, 'utf8'),
    }),
  ];
  const session = sessionId
    ? await mesh.resumeSession(sessionId, { tools })
    : await mesh.createSession({ approvalPolicy: 'never', tools });
  const turnId = session.turnId ?? (await session.send('Write five entries.')).turnId;
  console.log(JSON.stringify({ sessionId: session.id }));
  const { reply } = await session.turnEnded(turnId);
  console.log(JSON.stringify({ reply }));
}

/** The model: it writes entry after entry, and looks into the book when it is told that one is uncertain. */
const clerk: Script = ({ results }) => {
  const written = new Set<string>();
  for (const { tool: name, output } of results) {
    const lines = name === 'read_book' ? output.trim().split('\n') : [output.replace('wrote ', '')];
    for (const line of lines) if (entries.includes(line)) written.add(line);
  }
  if (results.at(-1)?.output.includes('is not known')) return { calls: [{ tool: 'read_book' }] };
  const entry = entries.find((each) => !written.has(each));
  if (entry === undefined) return { text: `The book has ${written.size} entries.` };
  return { calls: [{ tool: 'add_entry', arguments: { entry } }] };
};

/** Resolves with the next line of JSON that a child prints. */
async function nextLine(lines: AsyncIterator<string>): Promise<Record<string, string>> {
  const { value, done } = await lines.next();
  if (done) throw new Error('the process ended before it said anything');
  return JSON.parse(value);
}

function start(args: readonly string[], env: NodeJS.ProcessEnv) {
  const conditions = process.execArgv.filter((option) => option.startsWith('--conditions'));
  const child: ChildProcess = spawn(process.execPath, [...conditions, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert(child.stdout);
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

async function main() {
  await using model = await startScriptedModel(clerk);
  await using home = await scriptedCodexHome(model);
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'remote-worker-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const env = { ...process.env, ...home.env, SESSIONMESH_HOME: folder };

  // `sessionmesh serve` where the package is installed.
  const command = join(import.meta.dirname, '../src/cli/main.ts');
  const service = start([command, 'serve', '--port', '0', '--json'], env);
  cleanup.defer(async () => {
    service.child.kill();
    await once(service.child, 'exit');
  });
  const { url, tokenFile } = await nextLine(service.lines);
  assert(url && tokenFile);
  const worker = (...more: string[]) =>
    start([import.meta.filename, 'worker', folder, url, tokenFile, ...more], env);

  console.log(`the service runs at ${url}`);
  const first = worker();
  const { sessionId } = await nextLine(first.lines);
  assert(sessionId);
  console.log(
    `worker ${first.child.pid} serves session ${sessionId}; the model asks for five entries`,
  );
  const book = () => readFile(join(folder, 'book.txt'), 'utf8').catch(() => '');
  while ((await book()).split('\n').length <= 2) await pause(10);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const before = (await book()).trim().split('\n');
  console.log(`killed it in the middle of a call; the book has: ${before.join(', ')}`);

  const second = worker(sessionId);
  await nextLine(second.lines);
  console.log(
    `worker ${second.child.pid} has taken the session over; the model is told what is not known`,
  );
  const { reply } = await nextLine(second.lines);
  await once(second.child, 'exit');
  const after = (await book()).trim().split('\n');
  console.log(`the turn is over, the book has: ${after.join(', ')}`);
  console.log(`the model says: ${reply}`);

  assert(before.length < entries.length);
  assert.deepEqual(after, entries);
  assert.equal(reply, 'The book has 5 entries.');
  console.log('nothing was lost, and nothing was written twice');
}

const [, , role, folder, url, tokenFile, sessionId] = process.argv;
if (role === 'worker' && folder && url && tokenFile) await work(folder, url, tokenFile, sessionId);
else await main();

/** `sessionmesh proxy` as a process: over sockets, round a child, with its control API, and its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { parseToxicText } from '../../../src/soak/proxy/index.ts';

function run(args: readonly string[]) {
  const main = join(import.meta.dirname, 'command-main.ts');
  const child = spawn(process.execPath, [
    '--conditions=sessionmesh-source',
    main,
    'proxy',
    ...args,
  ]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('it stands between, tells every fault as JSON and counts them when it is interrupted', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const args = ['--upstream', `127.0.0.1:${port}`, '--frames', 'lines', '--json'];
  const child = run([...args, '--drop', '1', '--toxic', 'latency=1ms±1:upstream']);
  const lines: Record<string, unknown>[] = [];
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line));
    if (lines.length === 1) {
      const [host, listening] = String(lines[0]!.listen).split(':');
      connect(Number(listening), host)
        .on('error', () => {})
        .end('lost\n');
    }
    if (lines.length === 3) child.kill('SIGINT');
  }
  expect(lines).toMatchObject([
    { type: 'proxy.started' },
    { type: 'fault', fault: { type: 'drop', stream: 'upstream', connection: 1 } },
    { type: 'fault', fault: { type: 'latency' } },
    { type: 'proxy.ended', stats: { connections: 1, faults: { drop: 1, latency: 1 } } },
  ]);
  expect(await ended).toEqual([130, null]);
});

test('it wraps a child line by line, is controlled while it runs and ends as the child does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'control.json');
  const script = "process.stdin.on('end', () => process.exitCode = 7).pipe(process.stdout)";
  const wrapped = ['--', process.execPath, '-e', script];
  const child = run(['--stdio', '--duplicate', '1', '--json', '--control-file', file, ...wrapped]);
  const exited = once(child, 'exit');
  const told = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  child.stdin.write('one\n');
  expect([await next(), await next(), await next(), await next()]).toEqual(Array(4).fill('one'));
  const [{ url, token }, authorization] = await readFile(file, 'utf8').then((written) => {
    const control = JSON.parse(written);
    return [control, `Bearer ${control.token}`] as const;
  });
  expect(token).toMatch(/^[\w-]{43}$/);
  const reset = await fetch(`${url}/reset`, { method: 'POST', headers: { authorization } });
  expect(reset.status).toBe(204);
  child.stdin.end('two\n');
  expect([await next(), await next()]).toEqual(['two', undefined]);
  expect(await exited).toEqual([7, null]);
  const faults = (await told).split('\n').filter((line) => line.includes('"fault"'));
  expect(faults).toHaveLength(3);
});

test('help shows every verb; a mistake is named', async () => {
  const shown = await text(run(['--help']).stdout);
  for (const word of ['latency=200ms±50', 'timeout=0', '--stdio', 'reset_peer', '/proxies']) {
    expect(shown).toContain(word);
  }
  const wrong = run(['--upstream', '127.0.0.1:1', '--toxic', 'frogs=1']);
  expect(await text(wrong.stderr)).toMatch(/expected a toxic such as .*found frogs=1/);
});

test.each([
  ['latency=200ms±50', 2, { type: 'latency', attributes: { latency: 200, jitter: 50 } }],
  ['latency=0.2s+-50ms', 2, { type: 'latency', attributes: { latency: 200, jitter: 50 } }],
  ['timeout=0@0.1:upstream', 1, { stream: 'upstream', toxicity: 0.1, attributes: { timeout: 0 } }],
  ['limit_data=4kb', 2, { attributes: { bytes: 4_096 } }],
  ['reorder=5±10ms@0.2', 2, { toxicity: 0.2, attributes: { window: 5, delay: 10 } }],
  ['down', 2, { type: 'down', attributes: {} }],
])('%s', (written, count, toxic) => {
  const toxics = parseToxicText(written);
  expect(toxics).toHaveLength(count);
  expect(toxics[0]).toMatchObject(toxic);
});

test.each(['latency=', 'latency=5parsecs', 'down=3', 'drop=1±2', 'x', 'latency=1@2', ''])(
  'it does not take %j',
  (written) => expect(() => parseToxicText(written)).toThrow(/expected/),
);

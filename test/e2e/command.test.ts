/** The command as a person or a program runs it: real processes, real Codex, real signals. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { testedCodexVersion } from '../../src/hosts/app-server/methods.ts';
import { codexProcesses, scriptedEnv } from './real-codex.ts';

const root = resolve(import.meta.dirname, '../..');
const main = join(root, 'src/cli/main.ts');

function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(process.execPath, args, {
    env,
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function run(args: readonly string[], env?: NodeJS.ProcessEnv) {
  const child = start([main, ...args], env);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode, stdout, stderr };
}

/** Waits for `text` on the child's output, which goes on being read. */
function printed(child: ReturnType<typeof start>, expected: string): Promise<void> {
  return new Promise((found) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes(expected)) found();
    });
  });
}

test('team: lines for turns and calls, the board, a verdict, exit code 0', async () => {
  const { code, stdout } = await run(['team']);
  expect(stdout).toMatch(/developer +team_pull_work +[\d.]+ ms +ok/);
  expect(stdout).toMatch(/reviewer +turn 1 +progress/);
  expect(stdout).toMatch(/Tasks\n.*Artifacts\n.*Members\n/s);
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^✓ complete in .*3 turns/);
  expect(stdout).not.toContain('\x1b');
  expect(code).toBe(0);
});

test('team --json: one event a line, from mesh.started to team.finished with the board', async () => {
  const { code, stdout } = await run(['team', '--json']);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events[0]).toMatchObject({ type: 'mesh.started', codex: testedCodexVersion });
  expect(events.at(-1)).toMatchObject({
    type: 'team.finished',
    outcome: 'complete',
    board: { members: [{ name: 'developer' }, { name: 'docs' }, { name: 'reviewer' }] },
  });
  expect(events.filter(({ type }) => type === 'call.settled').length).toBeGreaterThan(10);
  expect(code).toBe(0);
});

test('Ctrl-C during a run ends everything within three seconds', async () => {
  const child = start([main, 'team', '--json']);
  await printed(child, 'call.started');
  const codex = codexProcesses(child.pid);
  expect(codex.length).toBe(1);
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(3_000) });
  child.kill('SIGINT');
  expect((await exited)[0]).toBe(130);
  expect(() => process.kill(codex[0]!, 0)).toThrow(/ESRCH/);
});

test('Ctrl-C during a pending call of a program: the mesh closes, no process stays', async () => {
  const env = await scriptedEnv(({ results }) =>
    results.length > 0 ? { text: 'done' } : { calls: [{ tool: 'forever' }] },
  );
  const child = start(
    ['--conditions=sessionmesh-source', join(import.meta.dirname, 'pending-call.ts')],
    env,
  );
  await printed(child, 'pending');
  const codex = codexProcesses(child.pid);
  expect(codex.length).toBe(1);
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(3_000) });
  child.kill('SIGINT');
  expect((await exited)[0]).toBe(0);
  expect(() => process.kill(codex[0]!, 0)).toThrow(/ESRCH/);
});

test('doctor: finds Codex, says what is missing, as JSON too', async () => {
  const home = await mkdtemp(join(tmpdir(), 'codex-home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const { OPENAI_API_KEY: _, ...rest } = process.env;
  const env = { ...rest, CODEX_HOME: home };
  const { code, stdout } = await run(['doctor', '--json'], env);
  const report = JSON.parse(stdout) as { healthy: boolean; findings: object[] };
  expect(report.healthy).toBe(true);
  expect(code).toBe(0);
  expect(report.findings).toMatchObject([
    { check: 'node', verdict: 'good' },
    { check: 'codex', verdict: 'good', found: expect.stringContaining(testedCodexVersion) },
    { check: 'login', verdict: 'warning' },
    { check: 'loopback', verdict: 'good' },
    { check: 'CODEX_HOME', verdict: 'good' },
  ]);
  const missing = await run(['doctor', '--codex', '/nowhere/codex'], env);
  expect(missing.code).toBe(1);
  expect(missing.stdout).toMatch(/✗ codex .*nowhere[\s\S]*npm install @openai\/codex/);
});

test('the version the tests run against is the one that is installed', () => {
  expect(packageJson.devDependencies['@openai/codex']).toBe(testedCodexVersion);
});

test.each([
  [['--help'], 0, /Usage: sessionmesh[\s\S]*team[\s\S]*doctor[\s\S]*chart/],
  [['team', '--help'], 0, /--live[\s\S]*--task[\s\S]*--json/],
  [['chart', 'session'], 0, /^stateDiagram-v2/],
  [['chart', 'member', '--format', 'json'], 0, /"id": "member"/],
])('sessionmesh %s', async (args, code, stdout) => {
  const result = await run(args);
  expect(result.stdout).toMatch(stdout);
  expect(result.code).toBe(code);
});

test.each([
  [['taem'], /did you mean team/i],
  [['chart', 'nothing'], /session/],
  [['team', '--minutes', 'soon'], /minutes/],
  [['team', '--codex', '/nowhere/codex'], /codex_not_found/],
])('sessionmesh %s is refused with what to do', async (args, stderr) => {
  const result = await run(args);
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(1);
});

test('the README example runs as it stands', async () => {
  const readme = await import('node:fs/promises').then(({ readFile }) =>
    readFile(join(root, 'README.md'), 'utf8'),
  );
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const folder = await mkdtemp(join(root, 'test/e2e/readme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'example.ts'), example ?? '');
  const env = await scriptedEnv(({ results }) =>
    results[0]
      ? { text: results[0].output }
      : { calls: [{ tool: 'lookup_ticket', arguments: { id: 'ENG-1234' } }] },
  );
  const child = start(['--conditions=sessionmesh-source', join(folder, 'example.ts')], env);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stderr).toBe('');
  expect(stdout).toContain('completed {"id":"ENG-1234","status":"open"}');
});

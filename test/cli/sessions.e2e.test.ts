/** `sessionmesh sessions` and `calls` against a service on the real Codex. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { callNamedTools, codexScene, lookup, scratchFolder } from '../service/scene.ts';
import { commandsIn, ended, patiently } from './service-commands.ts';

// Each test starts several processes, one after the other.
vi.setConfig({ testTimeout: 60_000 });

async function commandScene() {
  const home = await scratchFolder();
  const scene = await codexScene(callNamedTools, { stateDir: home });
  await writeFile(join(home, 'tools.json'), JSON.stringify([lookup(), lookup('close_ticket')]));
  return { ...scene, home, ...commandsIn(home) };
}

const withTools = ['--tools', 'tools.json', '--approval-policy', 'never'];

test('a session is made, spoken to, listed, shown and deleted', async () => {
  const { run, json, home } = await commandScene();
  const made = await run(['sessions', 'create', '--title', 'notes', '--cwd', '.', ...withTools]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const id = made.stdout.trim();
  const short = id.slice(0, 13);

  const sent = await run(['sessions', 'send', short, 'hello']);
  expect(sent).toMatchObject({ code: 0, stdout: 'said: hello\n' });
  expect(await json(['sessions', 'send', short, 'again'])).toMatchObject({
    sessionId: id,
    status: 'completed',
    error: null,
    reply: 'said: again',
  });

  const { sessions } = await json(['sessions', 'ls']);
  expect(sessions).toMatchObject([{ id, title: 'notes', cwd: home, state: 'idle' }]);
  expect((await json(['sessions', 'ls', '--search', 'NOTES'])).sessions).toHaveLength(1);
  expect((await json(['sessions', 'ls', '--search', 'other'])).sessions).toEqual([]);
  expect((await json(['sessions', 'ls', '--state', 'working', 'failed'])).sessions).toEqual([]);

  const shown = await run(['sessions', 'show', short, '--turns', '1']);
  expect(shown.stdout).toMatch(
    /^notes\nsession {2}.+\nstate {4}idle\nfolder {3}.+\nmade {5}\d+ s ago\n/,
  );
  expect(shown.stdout).toMatch(/1 earlier turn;.*\n\nturn .+: completed after .+\n/s);
  expect(shown.stdout).toMatch(/you {8}again\nsession {4}said: again\n$/);

  expect(await run(['sessions', 'close', short, '--delete'])).toMatchObject({
    code: 0,
    stdout: `deleted ${id}\n`,
  });
  expect(await run(['sessions', 'show', id])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('[session_deleted]'),
  });
  expect(await run(['sessions', 'ls'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('no sessions yet'),
  });
});

test('a session is put away in the middle of a call, and taken out again', async () => {
  const { run, start, json } = await commandScene();
  const id = (await run(['sessions', 'create', '--title', 'later', ...withTools])).stdout.trim();
  const sending = start(['sessions', 'send', id, 'lookup_ticket']);
  const told: string[] = [];
  sending.stderr!.on('data', (chunk) => told.push(String(chunk)));
  await expect.poll(() => told.join(''), patiently).toContain('call  ');
  const short = id.slice(0, 13);
  expect(await run(['sessions', 'close', short, '--archive'])).toMatchObject({
    code: 0,
    stdout: `archived ${id}\n`,
  });
  expect(await sending.closed).toBe(1);
  expect((await json(['sessions', 'ls'])).sessions).toEqual([]);
  expect((await json(['sessions', 'ls', '--archived'])).sessions).toMatchObject([
    { id, title: 'later', state: 'stored' },
  ]);
  expect(await run(['sessions', 'send', id, 'hello'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is archived'),
  });
  expect(await json(['sessions', 'unarchive', short])).toEqual({
    sessions: [{ sessionId: id, result: 'unarchived', error: null }],
  });
  const again = ended(start(['sessions', 'send', id, 'lookup_ticket']));
  await expect.poll(async () => (await json(['calls', 'ls'])).calls.length, patiently).toBe(1);
  const [{ requestId }] = (await json(['calls', 'ls'])).calls;
  expect((await run(['calls', 'answer', requestId, '--text', 'back'])).code).toBe(0);
  expect(await again).toMatchObject({ code: 0, stdout: 'back\n' });
});

test('calls are listed, shown, answered, and shown with their results', async () => {
  const { run, start, json } = await commandScene();
  const id = (await run(['sessions', 'create', '--title', 'tickets', ...withTools])).stdout.trim();
  const sending = start(['sessions', 'send', id, 'lookup_ticket close_ticket']);
  const out: string[] = [];
  const told: string[] = [];
  sending.stdout!.on('data', (chunk) => out.push(String(chunk)));
  sending.stderr!.on('data', (chunk) => told.push(String(chunk)));
  await expect.poll(() => told.join('').match(/^ {2}call /gm)?.length, patiently).toBe(2);

  const { calls } = await json(['calls', 'ls']);
  expect(calls).toHaveLength(2);
  // Codex starts them side by side, in whichever order.
  const [lookup, close] = ['lookup_ticket', 'close_ticket'].map((name) =>
    calls.find(({ tool }: { tool: string }) => tool === name),
  );
  expect(lookup).toMatchObject({ sessionId: id, arguments: { id: 'ENG-1' }, namespace: null });
  expect(close).toMatchObject({ sessionId: id });
  const number = /\d+$/.exec(lookup.requestId)![0];
  expect((await run(['calls', 'ls'])).stdout).toMatch(
    /\n\S+\.[12] +\S{13} +tickets +waits \d+ s +lookup_ticket +\{"id":"ENG-1"\}\n/,
  );
  expect((await json(['sessions', 'ls', '--state', 'waiting'])).sessions).toMatchObject([{ id }]);
  expect((await run(['calls', 'show', '2'])).stdout).toContain('state     waits for an answer for');

  const evil = '\u001b[2Jopen\u0007\u009b31m\u202Egnp';
  const answered = await run(['calls', 'answer', number, '--stdin'], { input: evil });
  expect(answered).toMatchObject({ code: 0, stdout: `answered lookup_ticket of session ${id}\n` });
  const failed = ['calls', 'answer', close.requestId, '--failure', 'no rights'];
  expect(await run(failed)).toMatchObject({ code: 0, stderr: '' });
  expect(await sending.closed).toBe(0);

  // What a tool read somewhere comes back by way of the model, and must not steer the terminal.
  expect(out.join('')).toBe('open gnp | no rights\n');
  expect(told.join('')).toMatch(
    / {2}answered +lookup_ticket after .+\n {2}answered +close_ticket: with a failure/,
  );

  const again = await run(['calls', 'answer', lookup.requestId, '--text', 'late']);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('[call_unknown]') });
  const shown = await run(['calls', 'show', lookup.requestId]);
  expect(shown.stdout).toMatch(
    /state {5}answered after .+\n\narguments\n.+\n\nresult\n {2}open gnp\n$/s,
  );
  expect(shown.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  const all = await json(['calls', 'ls', '--session', id, '--all']);
  expect(all.calls).toEqual([]);
  expect(all.finished).toHaveLength(2);
  expect(all.finished).toContainEqual(
    expect.objectContaining({
      requestId: lookup.requestId,
      outcome: 'answered',
      success: true,
      code: null,
    }),
  );
  expect(all.finished).toContainEqual(
    expect.objectContaining({ tool: 'close_ticket', outcome: 'answered', success: false }),
  );
  const table = (await run(['calls', 'ls', '--session', id, '--all'])).stdout;
  expect(table).toMatch(/\n\S+ +\S{13} +answered \S+ m?s +lookup_ticket\n/);
  expect(table).toMatch(/\n\S+ +\S{13} +failed \(handler_failed\) \S+ m?s +close_ticket\n/);
});

test('a turn is stopped, and who waits for it is told', async () => {
  const { run, start, json } = await commandScene();
  const id = (await run(['sessions', 'create', ...withTools])).stdout.trim();
  const sending = start(['sessions', 'send', id, 'lookup_ticket']);
  const told: string[] = [];
  sending.stderr!.on('data', (chunk) => told.push(String(chunk)));
  await expect.poll(() => told.join(''), patiently).toContain('call  ');
  const stopped = await run(['sessions', 'interrupt', id]);
  expect(stopped.stdout).toMatch(/^stopped turn \S+ of session \S{13}\n$/);
  expect(await sending.closed).toBe(1);
  expect(told.join('')).toContain('the turn ended interrupted');
  expect(await run(['sessions', 'interrupt', id])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('[turn_none]'),
  });
  expect((await json(['sessions', 'show', id])).pendingCalls).toEqual([]);
});

test('whoever does not want to wait is told the turn, and Ctrl-C leaves the turn alone', async () => {
  const { run, start, json } = await commandScene();
  const id = (await run(['sessions', 'create', ...withTools])).stdout.trim();
  const sent = await run(['sessions', 'send', id, 'lookup_ticket', '--no-wait']);
  expect(sent.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
  const late = await run(['sessions', 'send', id, 'more', '--timeout', '0.2']);
  expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('[wait_timeout]') });
  const waiting = start(['sessions', 'send', id, 'and more']);
  const told: string[] = [];
  waiting.stderr!.on('data', (chunk) => told.push(String(chunk)));
  await expect.poll(() => told.join(''), patiently).toContain('call  ');
  waiting.kill('SIGINT');
  expect(await waiting.closed).toBe(130);
  expect((await json(['calls', 'ls'])).calls).toHaveLength(1);
});

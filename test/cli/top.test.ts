/** `sessionmesh top` where nobody sees a screen. */
import { expect, test, vi } from 'vitest';
import {
  callNamedTools,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
  scratchFolder,
} from '../service/scene.ts';
import { commandsIn } from './service-commands.ts';

// Each test starts several processes, one after the other.
vi.setConfig({ testTimeout: 60_000 });

async function scene() {
  const home = await scratchFolder();
  const { client } = await fakeScene(callNamedTools, { stateDir: home });
  const id = await newSession(client, [lookup()]);
  await client.post(`/api/sessions/${id}/rename`, { title: 'tickets' });
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);
  return { id, ...commandsIn(home) };
}

test.each([[['top']], [['top', '--once']]])('%j prints one picture and ends', async (args) => {
  const { run, id } = await scene();
  const { code, stdout, stderr } = await run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^sessionmesh {2}http:.* online\nsessions {2}1: 1 waiting\n/);
  expect(stdout).toMatch(/\ncalls {5}1 in flight /);
  expect(stdout).toContain(`  ${id.slice(0, 12)}`);
  expect(stdout).toMatch(/tickets \(lookup_ticket\)\n$/);
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('for programs, the same as JSON', async () => {
  const { json, id } = await scene();
  expect(await json(['top'])).toMatchObject({
    link: 'online',
    codex: { isRunning: true },
    complete: true,
    figures: { sessions: 1, callsInFlight: 1, byState: { waiting: 1 } },
    sessions: [{ id, title: 'tickets', state: 'waiting', calls: [{ tool: 'lookup_ticket' }] }],
  });
});

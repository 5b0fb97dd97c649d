/** The host against our own service, with the real Codex behind it and a scripted model behind that. */
import { expect, onTestFinished, test } from 'vitest';
import { controlService } from '../../../src/hosts/control-service/index.ts';
import type { ControlServiceOptions } from '../../../src/hosts/control-service/options.ts';
import type { Script } from '../../../src/hosts/simulated/script.ts';
import type { Limits } from '../../../src/limits.ts';
import { startMesh } from '../../../src/mesh/start-mesh.ts';
import { startService, type Service } from '../../../src/service/service.ts';
import { scriptedCodexHome, startScriptedModel } from '../../../src/testing/index.ts';
import { tool } from '../../../src/tools/index.ts';
import { namespace } from '../../../src/tools/namespace.ts';

const callNamedTools: Script = ({ text, results, tools }) => {
  if (results.length > 0) return { text: results.map(({ output }) => output).join(' | ') };
  const words = text.split(' ').filter((word) => tools.includes(word));
  return words.length > 0
    ? { calls: words.map((word) => callOf(word)) }
    : { text: `said: ${text}` };
};

function callOf(word: string) {
  const [first, second] = word.split('/');
  return second === undefined ? { tool: word } : { namespace: first!, tool: second };
}

async function serve(script: Script): Promise<Service> {
  const model = await startScriptedModel(script);
  const home = await scriptedCodexHome(model);
  const service = await startService({ host: { env: { ...process.env, ...home.env } }, port: 0 });
  onTestFinished(async () => {
    await service.close({ graceMs: 1 });
    await home.remove();
    await model.close();
  });
  return service;
}

async function join(
  { url, token }: Service,
  options: Partial<ControlServiceOptions> = {},
  limits: Partial<Limits> = {},
) {
  const host = controlService({ url, ...(token === null ? {} : { token }), ...options });
  const mesh = await startMesh({ host, limits });
  onTestFinished(() => mesh.close({ graceMs: 1 }));
  return mesh;
}

const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });

test('a turn with calls, flat and of a namespace, through our own service', async () => {
  const mesh = await join(await serve(callNamedTools));
  const tickets = namespace('tickets', { description: 'Tickets.', tools: [quick] });
  const session = await mesh.createSession({ approvalPolicy: 'never', tools: [quick, tickets] });
  const { reply, dispatches } = await session.sendAndHandle('quick tickets/quick');
  expect(reply).toBe('quick | quick');
  // Codex starts the calls of one step in whichever order it likes.
  const inOrder = dispatches.toSorted((one, other) => one.callId.localeCompare(other.callId));
  expect(inOrder).toMatchObject([
    { outcome: 'answered', source: 'signal', namespace: null },
    { outcome: 'answered', source: 'signal', namespace: 'tickets' },
  ]);
  expect((await session.sendAndHandle('hello')).reply).toBe('said: hello');
  await session.close({ delete: true });
}, 60_000);

test('a token that is replaced in the middle of a call cuts the stream, and nothing else', async () => {
  const service = await serve(callNamedTools);
  let token = service.token!;
  const states: string[] = [];
  const mesh = await join(service, { token: () => token });
  mesh.events$.subscribe(({ type }) => type.startsWith('host.') && states.push(type));
  let starts = 0;
  const cut = tool({
    name: 'cut',
    description: 'Cuts the stream.',
    execute: async () => {
      starts += 1;
      token = `another-token-${starts}-of-some-length`;
      await service.replaceTokens([{ token, scopes: ['read', 'respond', 'manage'] }]);
      return `run ${starts}`;
    },
  });
  const session = await mesh.createSession({ approvalPolicy: 'never', tools: [cut] });
  for (let turn = 1; turn <= 3; turn += 1) {
    expect((await session.sendAndHandle('cut')).reply).toBe(`run ${turn}`);
  }
  expect(starts).toBe(3);
  expect(states.filter((type) => type === 'host.lost').length).toBeGreaterThanOrEqual(1);
  expect(states).not.toContain('host.failed');
}, 60_000);

test('a session is served by one client at a time, and handed over when that lets go', async () => {
  const service = await serve(callNamedTools);
  const one = await join(service, { holder: 'one' });
  const session = await one.createSession({ approvalPolicy: 'never', tools: [quick] });
  const impatient = await join(service, { holder: 'two' }, { leaseWaitMs: 200, leaseHoldMs: 100 });
  await expect(impatient.resumeSession(session.id, { tools: [quick] })).rejects.toThrow(/one/);
  const two = await join(service, { holder: 'two' });
  const resuming = two.resumeSession(session.id, { tools: [quick] });
  expect((await session.sendAndHandle('quick')).reply).toBe('quick');
  await session.close();
  expect((await (await resuming).sendAndHandle('quick')).reply).toBe('quick');
}, 60_000);

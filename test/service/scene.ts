/** Services for tests: on the real Codex with a scripted model, or on a host without Codex. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { startService, type Service, type ServiceOptions } from '../../src/service/service.ts';
import type { Logger } from '../../src/logger.ts';
import { scriptedCodexHome, startScriptedModel, virtualEnv } from '../../src/testing/index.ts';
import type { TomlTable } from '../../src/testing/toml.ts';
import { clientOf, type Client, type Json } from './client.ts';
import { fakeHost, type FakeHost } from './fake-host.ts';

export interface Scene {
  readonly service: Service;
  readonly client: Client;
  readonly logged: string[];
}

/** Every line of a log, whatever its level. */
export function recordingLogger(logged: string[]): Logger {
  const write = (level: string) => (fields: object, message: string) =>
    void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

async function sceneOf(options: ServiceOptions): Promise<Scene> {
  const logged: string[] = [];
  const logger = options.logger ?? recordingLogger(logged);
  const service = await startService({ port: 0, ...options, logger });
  onTestFinished(() => service.close({ graceMs: 1 }));
  return { service, client: clientOf(service), logged };
}

/** An environment in which Codex knows nothing but the scripted model. Undone with the test. */
export async function scriptedEnv(script: Script, config: TomlTable = {}) {
  const model = await startScriptedModel(script);
  const home = await scriptedCodexHome(model, { config });
  onTestFinished(async () => {
    await home.remove();
    await model.close();
  });
  return { ...process.env, ...home.env };
}

/** A service on a Codex of its own. */
export async function codexScene(
  script: Script,
  { config, ...options }: ServiceOptions & { readonly config?: TomlTable } = {},
): Promise<Scene> {
  return sceneOf({ host: { env: await scriptedEnv(script, config) }, ...options });
}

/** A service without Codex. */
export async function fakeScene(
  script: Script,
  options: Omit<ServiceOptions, 'host'> & { readonly fake?: FakeHost } = {},
): Promise<Scene & { readonly host: FakeHost }> {
  const { fake = fakeHost(script), ...rest } = options;
  return { ...(await sceneOf({ ...rest, host: fake.factory })), host: fake };
}

/** Time that a test moves, in front of the real network. */
export const timedEnv = () => virtualEnv(1, { network: systemEnv.network });

/** A folder of its own, gone with the test. */
export async function scratchFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'service-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Calls the tools named in the text at once, then says what they said. */
export const callNamedTools: Script = ({ text, results, tools }) => {
  if (results.length > 0) return { text: results.map(({ output }) => output).join(' | ') };
  const words = text.split(' ').filter((word) => tools.includes(word));
  return words.length > 0
    ? { calls: words.map((tool) => ({ tool, arguments: { id: 'ENG-1' } })) }
    : { text: `said: ${text}` };
};

/** A tool as a client gives it. */
export const lookup = (name = 'lookup_ticket') => ({
  name,
  description: 'Looks a ticket up.',
  inputSchema: {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  },
});

/** Makes a session with these tools and returns its id. */
export async function newSession(client: Client, tools: readonly Json[] = [lookup()]) {
  const { body } = await client.post('/api/sessions', {
    approvalPolicy: 'never',
    dynamicTools: tools,
  });
  return String(body.session.sessionId);
}

/** Polls until `probe` no longer throws. */
const until = <Value>(probe: () => Promise<Value>): Promise<Value> =>
  vi.waitFor(probe, { interval: 10, timeout: 10_000 });

/** The calls of a session that wait, once there are so many. */
export function pendingCalls(client: Client, id: string, count = 1): Promise<Json[]> {
  return until(async () => {
    const { body } = await client.get(`/api/sessions/${id}/tool-calls`);
    expect(body.data.length).toBeGreaterThanOrEqual(count);
    return body.data;
  });
}

/** An answer as Codex takes it. */
export const answerOf = (text: string, success = true) => ({
  response: { contentItems: [{ type: 'inputText', text }], success },
});

/** The session, once its newest turn has ended. */
export function endedTurn(client: Client, id: string): Promise<Json> {
  return until(async () => {
    const { body } = await client.get(`/api/sessions/${id}`);
    expect(body.thread.turns.at(-1)?.status).toMatch(/completed|failed|interrupted/);
    return body;
  });
}

/** The answer to a request that does not fit its schema. */
export const invalid = (...issues: object[]) => ({
  status: 400,
  body: {
    status: 'error',
    code: 'invalid_request',
    message: 'request validation failed',
    issues: issues.map((issue) => expect.objectContaining(issue)),
  },
});

/** The issue of a member that is not there. */
export const missing = (path: (string | number)[], expected: string) => ({
  code: 'invalid_type',
  expected,
  path,
  message: `Invalid input: expected ${expected}, received undefined`,
});

/**
 * Tool calls through the control service and its client, over real sockets. The service runs in a process of
 * its own, as the command starts it: with a durable ledger, unless it says otherwise. Where Codex is not what
 * is measured, `turn-child.ts` stands in for it and takes the time, from its request to the answer; frames and
 * memory are measured with the real Codex on a scripted model.
 */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Client, type SessionSkills } from 'sessionmesh/client';
import { scriptedCodexHome, startScriptedModel } from 'sessionmesh/testing';
import { median, type Figure } from './figure.ts';
import { measureHttp } from './http-load.ts';
import { residentBytes, startServiceProcess } from './service-process.ts';

/** What a turn of the stand-in says at its end. */
interface TurnReport {
  readonly tookMs: readonly number[];
  readonly elapsedMs: number;
}

const readReport = (reply: string | null): TurnReport => JSON.parse(reply!);

/** A session with one tool that takes so long. */
async function openSession(client: Client, handlerMs = 0): Promise<SessionSkills> {
  const { skills } = await client.remoteSkills.createSession({
    approvalPolicy: 'never',
    register: (draft) =>
      draft.register('lookup_ticket', async ({ id }) => {
        if (handlerMs > 0) await pause(handlerMs);
        return { id, status: 'open' };
      }),
  });
  return skills;
}

/** Hands every call of the sessions over by signals of one stream, for as long as `work` takes. */
async function bySignals<Value>(
  client: Client,
  sessions: readonly SessionSkills[],
  work: () => Promise<Value>,
): Promise<Value> {
  const stop = new AbortController();
  const ends = sessions.map((skills) =>
    client.stream.onAppServerRequest('item.tool.call', (signal) => skills.respondToSignal(signal)),
  );
  const [only, ...more] = sessions;
  const threadId = only && more.length === 0 ? { threadId: only.sessionId } : {};
  const running = client.stream.runForever({ ...threadId, signal: stop.signal });
  await client.stream.ready();
  const value = await work();
  stop.abort();
  await running;
  for (const end of ends) end();
  return value;
}

async function askTurn(client: Client, { sessionId }: SessionSkills, text: string) {
  const { assistantReply } = await client.wait.sendMessageAndWaitReply({ sessionId, text });
  return readReport(assistantReply);
}

const sequentialCalls = 300;

async function measureSignals(client: Client): Promise<number> {
  const skills = await openSession(client);
  return bySignals(client, [skills], async () => {
    await askTurn(client, skills, `${sequentialCalls} 1`);
    const { tookMs } = await askTurn(client, skills, `${sequentialCalls} 1`);
    return median(tookMs);
  });
}

async function measurePolling(client: Client): Promise<number> {
  const skills = await openSession(client);
  const ask = () => skills.sendAndHandle(`${sequentialCalls} 1`, { injectSkills: false });
  await ask();
  const { assistantReply } = await ask();
  return median(readReport(assistantReply).tookMs);
}

async function measureShared(client: Client): Promise<number> {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => openSession(client, 100)));
  return bySignals(client, sessions, async () => {
    const reports = await Promise.all(sessions.map((skills) => askTurn(client, skills, '5 1')));
    return median(reports.flatMap(({ tookMs }) => tookMs));
  });
}

async function measureParallel(client: Client): Promise<number> {
  const skills = await openSession(client, 500);
  const { elapsedMs } = await bySignals(client, [skills], () => askTurn(client, skills, '6 6'));
  return elapsedMs / 1_000;
}

const sessionsMax = 20;
const callsEach = 27;

/** Frames of a call on a socket that follows its session, and memory of the service, with the real Codex. */
async function measureOnCodex(): Promise<{ frames: number; bytes: number }> {
  await using model = await startScriptedModel(({ results }) =>
    results.length < callsEach
      ? { calls: [{ tool: 'lookup_ticket', arguments: { id: `ENG-${results.length}` } }] }
      : { text: 'done' },
  );
  await using home = await scriptedCodexHome(model);
  await using service = await startServiceProcess({ codexEnv: home.env });
  await using client = await connect(service);
  let frames = 0;
  for (let index = 0; index < sessionsMax; index += 1) {
    await using life = await client.remoteSkills.lifecycle({
      approvalPolicy: 'never',
      register: (draft) => draft.register('lookup_ticket', () => 'x'.repeat(1_000)),
    });
    const end = client.stream.onEventPrefix('', ({ threadId }) => {
      if (threadId === life.sessionId) frames += 1;
    });
    await bySignals(client, [life.skills], () =>
      client.wait.sendMessageAndWaitReply({ sessionId: life.sessionId, text: 'go' }),
    );
    end();
  }
  return { frames: frames / (sessionsMax * callsEach), bytes: await service.memoryBytes() };
}

async function idleNodeBytes(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1e6)']);
  await pause(500);
  const bytes = await residentBytes(child.pid!);
  child.kill();
  return bytes;
}

const megabyte = 1_048_576;

async function measureThroughput({ ledger, calls }: { ledger: boolean; calls: number }) {
  await using service = await startServiceProcess({ ledger });
  const listed = await measureHttp(service, { sessions: 1, inFlight: 64, calls });
  const oneByOne = await measureHttp(service, { sessions: 64, inFlight: 1, calls });
  return { listed, oneByOne };
}

async function measureCalls() {
  await using service = await startServiceProcess();
  await using client = await connect(service);
  const signals = await measureSignals(client);
  const polling = await measurePolling(client);
  const shared = await measureShared(client);
  const parallel = await measureParallel(client);
  return { signals, polling, shared, parallel };
}

const standIn = 'stand-in for Codex';

export async function benchService(): Promise<Figure[]> {
  const { listed, oneByOne } = await measureThroughput({ ledger: false, calls: 8_000 });
  const durable = await measureThroughput({ ledger: true, calls: 1_000 });
  const { signals, polling, shared, parallel } = await measureCalls();
  const { frames, bytes } = await measureOnCodex();
  const idle = await idleNodeBytes();
  const added = (bytes - idle) / megabyte;
  return [
    {
      name: 'service, tool call by signals, median',
      value: signals,
      unit: 'ms',
      floor: `${standIn}; durable ledger`,
      target: '<= 1.5',
      isReached: signals <= 1.5,
    },
    {
      name: 'service, tool call by polling, median',
      value: polling,
      unit: 'ms',
      floor: `${standIn}; durable ledger`,
      target: '<= 1.5',
      isReached: polling <= 1.5,
    },
    {
      name: 'service, 8 sessions x 5 calls of 100 ms on one stream, median',
      value: shared,
      unit: 'ms',
      floor: standIn,
      target: '<= 125',
      isReached: shared <= 125,
    },
    {
      name: 'service, 6 parallel calls of 0.5 s in one turn',
      value: parallel,
      unit: 's',
      floor: standIn,
      target: '<= 0.6',
      isReached: parallel <= 0.6,
    },
    {
      name: 'service, calls listed and answered over HTTP per second',
      value: listed,
      unit: '/s',
      floor: `${standIn}; 64 wait in a session; no ledger`,
      target: '>= 8000',
      isReached: listed >= 8_000,
    },
    {
      name: 'service, the same with a list for every answer',
      value: oneByOne,
      unit: '/s',
      floor: `${standIn}; one waits in each of 64 sessions; no ledger`,
      target: '',
    },
    {
      name: 'service, listed and answered, with the durable ledger',
      value: durable.listed,
      unit: '/s',
      floor: `${standIn}; with a list for every answer ${durable.oneByOne.toFixed(0)} /s`,
      target: '',
    },
    {
      name: 'service, frames per tool call on a filtered stream',
      value: frames,
      unit: '',
      floor: 'real Codex',
      target: '<= 4',
      isReached: frames <= 4,
    },
    {
      name: `service, memory after ${sessionsMax * callsEach} calls above idle Node`,
      value: added,
      unit: 'MB',
      floor: `real Codex; idle Node ${(idle / megabyte).toFixed(0)} MB`,
      target: '<= 120',
      isReached: added <= 120,
    },
  ];
}

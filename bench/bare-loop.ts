/** The floor: splits lines, parses them, answers each call with a write. No checks, no routing, no memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** One connection to the scripted child without any runtime. */
export interface BareLoop {
  open(threads: number): Promise<void>;
  run(calls: number, inFlight: number): Promise<void>;
  close(): Promise<void>;
}

export const childPath = new URL('./child.ts', import.meta.url).pathname;

const answer = {
  success: true,
  contentItems: [{ type: 'inputText', text: '{"id":"ENG-1","status":"open"}' }],
};

export function startBareLoop(): BareLoop {
  const child = spawn(process.execPath, [childPath], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, () => void>();
  let onFinished = () => {};
  let rest: Buffer = Buffer.alloc(0);
  let nextId = 1;

  const send = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  child.stdout.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      const message = JSON.parse(rest.toString('utf8', start, end));
      start = end + 1;
      if (message.method === 'item/tool/call') send({ id: message.id, result: answer });
      else if (message.method === 'bench/finished') onFinished();
      else if (message.method === undefined) waiting.get(message.id)?.();
    }
    rest = rest.subarray(start);
  });
  const request = (method: string, params: object) =>
    new Promise<void>((resolve) => {
      const id = nextId++;
      waiting.set(id, resolve);
      send({ id, method, params });
    });

  return {
    async open(threads) {
      await request('initialize', {});
      for (let index = 0; index < threads; index += 1) await request('thread/start', {});
    },
    async run(calls, inFlight) {
      const finished = new Promise<void>((resolve) => (onFinished = resolve));
      const input = [{ type: 'text', text: `run ${calls} ${inFlight}` }];
      await request('turn/start', { threadId: 'thread-0', input });
      await finished;
    },
    async close() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

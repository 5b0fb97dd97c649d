/** The scripted model as an HTTP server: its bounds, its refusals and its end. No Codex needed. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { startScriptedModel, type Script, type ScriptedModel } from '../../src/testing/index.ts';

let models: ScriptedModel[] = [];
afterEach(async () => {
  await Promise.all(models.map((model) => model.close()));
  models = [];
});

async function started(script: Script, limits: Record<string, number> = {}) {
  const model = await startScriptedModel(script, { limits });
  models.push(model);
  return model;
}

const user = (text: string) => ({
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text }],
});

/** One request as Codex makes it, as far as it matters. */
const bodyOf = (thread: string, text: string, turn = 'turn-1') => ({
  input: [user(text)],
  client_metadata: { thread_id: thread, turn_id: turn },
});

const post = (model: ScriptedModel, body: object | string, init: RequestInit = {}) =>
  fetch(`${model.url}/responses`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });

/** The data of each event of a response. */
async function eventsOf(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}

const sayText: Script = ({ text }) => ({ text });

describe('a reply', () => {
  test('is a stream of events that ends with the response completed', async () => {
    const model = await started(() => ({
      calls: [
        { tool: 'a', arguments: { x: 'ü\n' } },
        { tool: 'b', namespace: 'ns', callId: 'mine' },
      ],
    }));
    const response = await post(model, bodyOf('t', 'go'));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await eventsOf(response)).toMatchObject([
      { type: 'response.created', response: { id: 'resp_1' } },
      {
        type: 'response.output_item.done',
        item: { type: 'function_call', call_id: 'call_1_1', name: 'a', arguments: '{"x":"ü\\n"}' },
      },
      {
        type: 'response.output_item.done',
        item: {
          type: 'function_call',
          call_id: 'mine',
          name: 'b',
          namespace: 'ns',
          arguments: '{}',
        },
      },
      { type: 'response.completed', response: { id: 'resp_1', usage: { total_tokens: 0 } } },
    ]);
  });

  test('that fails is a 400 with the reason and nothing else', async () => {
    const model = await started(() => ({ fail: 'out of ideas' }));
    const response = await post(model, bodyOf('t', 'go'));
    expect([response.status, await response.text()]).toEqual([400, 'out of ideas']);
  });
});

test('a connection is kept open for as long as Codex may want it', async () => {
  const model = await started(sayText);
  const response = await post(model, bodyOf('t', 'go'));
  expect(response.headers.get('connection')).toBe('keep-alive');
  // A server that closes idle connections announces after how many seconds.
  expect(response.headers.get('keep-alive')).toBe(null);
});

describe('what is no step of a turn', () => {
  test.each<[string, object | string]>([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no input', { client_metadata: { thread_id: 't' } }],
    ['no session', { input: [] }],
  ])('%s is refused with 400', async (_what, body) => {
    const model = await started(sayText);
    expect((await post(model, body)).status).toBe(400);
    expect(model.requests).toEqual([]);
  });

  test('another path or method is refused with 404', async () => {
    const model = await started(sayText);
    expect((await fetch(`${model.url}/models`)).status).toBe(404);
    expect((await fetch(`${model.url}/responses`)).status).toBe(404);
  });

  test('a request of another kind is answered without the script', async () => {
    const model = await started(() => expect.unreachable());
    const body = bodyOf('t', 'summarise');
    const metadata = { 'x-codex-turn-metadata': '{"request_kind":"compaction"}' };
    const response = await post(model, {
      ...body,
      client_metadata: { ...body.client_metadata, ...metadata },
    });
    expect(response.status).toBe(200);
    expect(model.requests).toMatchObject([{ sessionId: 't', step: null }]);
  });

  test('the header and the cache key stand in for a body that names no session', async () => {
    const model = await started(sayText);
    await post(model, { input: [user('x')] }, { headers: { 'thread-id': 'from-header' } });
    await post(model, { input: [user('x')], prompt_cache_key: 'from-key' });
    expect(model.requests.map(({ sessionId }) => sessionId)).toEqual(['from-header', 'from-key']);
  });
});

describe('bounds', () => {
  test('a body that is too long is refused with 413, announced or not', async () => {
    const model = await started(sayText, { modelRequestBytesMax: 1_000 });
    expect((await post(model, bodyOf('t', 'x'.repeat(2_000)))).status).toBe(413);
    const chunks = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('x'.repeat(600)));
      },
    });
    const init: RequestInit & { duplex: 'half' } = { body: chunks, duplex: 'half' };
    expect((await post(model, '', init)).status).toBe(413);
    expect((await post(model, bodyOf('t', 'short'))).status).toBe(200);
  });

  test('one request more than may be in flight is refused with 429', async () => {
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const model = await started(
      async ({ text }) => {
        asked.resolve();
        await gate.promise;
        return { text };
      },
      { modelRequestsInFlightMax: 1 },
    );
    const first = post(model, bodyOf('a', 'first'));
    await asked.promise;
    expect((await post(model, bodyOf('b', 'second'))).status).toBe(429);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect((await post(model, bodyOf('b', 'second'))).status).toBe(200);
  });

  test('only the latest requests are kept', async () => {
    const model = await started(sayText, { modelRequestsKeptMax: 2 });
    for (const thread of ['a', 'b', 'c']) await post(model, bodyOf(thread, 'x'));
    expect(model.requests.map(({ sessionId }) => sessionId)).toEqual(['b', 'c']);
  });
});

describe('its end', () => {
  test('aborts waiting scripts, cuts connections, frees the port, and may come twice', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const model = await started((_step, signal) => {
      asked.resolve(signal);
      return new Promise(() => {});
    });
    const outcome = post(model, bodyOf('t', 'go')).then(
      () => 'answered',
      () => 'cut',
    );
    const signal = await asked.promise;
    await Promise.all([model.close(), model.close()]);
    expect([signal.aborted, await outcome]).toEqual([true, 'cut']);
    const again = await startScriptedModel(sayText, { port: Number(new URL(model.url).port) });
    models.push(again);
    expect(again.url).toBe(model.url);
  });

  test('comes with the signal it was started with', async () => {
    const owner = new AbortController();
    const model = await startScriptedModel(sayText, { signal: owner.signal });
    owner.abort();
    await model.close();
    await expect(post(model, bodyOf('t', 'go'))).rejects.toThrow();
    await expect(startScriptedModel(sayText, { signal: owner.signal })).rejects.toThrow();
  });

  test('a port that is taken is an error that says so', async () => {
    const model = await started(sayText);
    const port = Number(new URL(model.url).port);
    await expect(startScriptedModel(sayText, { port })).rejects.toMatchObject({
      code: 'model_start_failed',
    });
  });

  test('a caller that goes away aborts its script, and leaves the others alone', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const model = await started(({ text }, signal) => {
      if (text !== 'wait') return { text };
      asked.resolve(signal);
      return new Promise(() => {});
    });
    const { port } = new URL(model.url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const body = JSON.stringify(bodyOf('t', 'wait'));
    socket.write(
      `POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const signal = await asked.promise;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    socket.destroy();
    await aborted;
    expect((await post(model, bodyOf('t', 'next', 'turn-2'))).status).toBe(200);
  });
});

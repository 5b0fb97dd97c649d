/** A model provider that searches for a tool and then calls what it found, which no {@link Script} can say. */
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** An item of a request to the model, as far as this test looks at it. */
export interface InputItem {
  readonly type: string;
  readonly call_id?: string;
  readonly output?: unknown;
  readonly tools?: readonly {
    readonly name: string;
    readonly tools: readonly { readonly name: string; readonly defer_loading?: boolean }[];
  }[];
}

/** A request to the model. */
export interface SearchRequest {
  readonly input: readonly InputItem[];
  readonly tools: readonly { readonly type: string; readonly name?: string }[];
}

const usage = {
  input_tokens: 0,
  input_tokens_details: null,
  output_tokens: 0,
  output_tokens_details: null,
  total_tokens: 0,
};

function reply(response: ServerResponse, id: string, item: object): void {
  const events = [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', item },
    { type: 'response.completed', response: { id, usage } },
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );
}

/** What the model does next: searches, calls the first tool it was given, says what that said. */
function nextItem(input: readonly InputItem[], query: string): object {
  const result = input.find(({ type }) => type === 'function_call_output');
  if (result) {
    const content = [{ type: 'output_text', text: String(result.output) }];
    return { type: 'message', role: 'assistant', id: 'msg_1', content };
  }
  const found = input.find(({ type }) => type === 'tool_search_output')?.tools?.[0];
  if (found) {
    const [tool] = found.tools;
    const name = { name: tool?.name, namespace: found.name };
    return { type: 'function_call', id: 'fc_1', call_id: 'call_1', ...name, arguments: '{}' };
  }
  const search = { id: 'ts_1', call_id: 'search_1', execution: 'client', status: 'completed' };
  return { type: 'tool_search_call', ...search, arguments: { query } };
}

/** Starts it; it searches for `query`. Stopped with the test. */
export async function startSearchModel(query: string) {
  const requests: SearchRequest[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const seen = body as SearchRequest;
      requests.push(seen);
      reply(response, `resp_${requests.length}`, nextItem(seen.input, query));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/v1`, requests };
}

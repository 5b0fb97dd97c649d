/** Writes replies the way a model provider does: server-sent events, or an HTTP error. */
import type { ServerResponse } from 'node:http';
import type { PlayedReply } from '../hosts/simulated/reply.ts';

/** Codex shows the text of a 400 as the turn's error, word for word, and does not try again. */
const failureStatus = 400;

/** Answers one request with what the script said. `responseId` names the response and its items. */
export function writeReply(response: ServerResponse, reply: PlayedReply, responseId: string): void {
  switch (reply.type) {
    case 'fail':
      writeError(response, failureStatus, reply.reason || 'the script failed');
      return;
    case 'text':
      writeEvents(response, responseId, [
        {
          type: 'message',
          role: 'assistant',
          id: `msg_${responseId}`,
          content: [{ type: 'output_text', text: reply.text }],
        },
      ]);
      return;
    case 'calls': {
      const items = reply.calls.map((call, index) => ({
        type: 'function_call',
        id: `fc_${responseId}_${index}`,
        call_id: call.callId,
        name: call.tool,
        ...(call.namespace !== null && { namespace: call.namespace }),
        arguments: JSON.stringify(call.arguments),
      }));
      writeEvents(response, responseId, items);
    }
  }
}

/** Answers one request with an HTTP error, after which the connection is closed. */
export function writeError(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(text);
}

/** Nothing is counted here, so that no conversation is ever long enough to be compacted by itself. */
const noUsage = {
  input_tokens: 0,
  input_tokens_details: null,
  output_tokens: 0,
  output_tokens_details: null,
  total_tokens: 0,
};

function writeEvents(response: ServerResponse, id: string, items: readonly object[]): void {
  const events = [
    { type: 'response.created', response: { id } },
    ...items.map((item) => ({ type: 'response.output_item.done', item })),
    { type: 'response.completed', response: { id, usage: noUsage } },
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.end(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );
}

/** Whatever Codex may come to say, the host takes it or leaves it, and goes on serving. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeServer } from '../hosts/app-server/fake-server.ts';
import { campaignTimeoutMs, runCampaign } from './campaign.ts';
import { almost, anyJson } from './json-fuzz.ts';

const ids = { threadId: 'thread-1', turnId: 'turn-1' };

const notification = fc.oneof(
  fc.tuple(
    fc.constant('turn/started'),
    almost({ ...ids, turn: { id: 'turn-1', status: 'inProgress' } }),
  ),
  fc.tuple(
    fc.constant('turn/completed'),
    almost({ ...ids, turn: { id: 'turn-9', status: 'completed' } }),
  ),
  fc.tuple(fc.constant('thread/closed'), almost({ threadId: 'thread-2' })),
  fc.tuple(fc.constant('serverRequest/resolved'), almost({ ...ids, requestId: 1 })),
  fc.tuple(fc.string(), anyJson),
);

const request = fc.tuple(
  fc.oneof(fc.integer(), fc.string()),
  fc.constantFrom('item/tool/call', 'item/commandExecution/requestApproval', 'no/such/method'),
  almost({ ...ids, callId: 'call-x', namespace: null, tool: 'look_up', arguments: {} }),
);

const message = fc.oneof(
  notification.map(([method, params]) => ({ method, params })),
  request.map(([id, method, params]) => ({ id, method, params })),
);

test(
  'after any messages a tool call is still taken and its answer sent',
  async () => {
    const property = fc.asyncProperty(fc.array(message, { maxLength: 25 }), async (messages) => {
      await using server = fakeServer();
      await server.host.start();
      const sessionId = await server.openSession('turn-1');
      for (const each of messages) {
        if ('id' in each) server.ask(each.id, each.method, Object(each.params));
        else server.notify(each.method, Object(each.params));
      }
      await server.settle();
      const id = 7_000_001;
      server.requestCall(id, sessionId, 'turn-77');
      await server.settle();
      const call = server.signals
        .flatMap((signal) => (signal.type === 'call.requested' ? [signal.call] : []))
        .find(({ requestId }) => requestId === id);
      if (!call) throw new Error('the call was not taken');
      const output = { success: true, contentItems: [{ type: 'inputText' as const, text: 'yes' }] };
      expect(await server.host.answer(call, output)).toEqual({ type: 'answered' });
      await server.settle();
      expect(server.answers.get(id)).toHaveLength(1);
    });
    await runCampaign(property, 60);
  },
  campaignTimeoutMs,
);

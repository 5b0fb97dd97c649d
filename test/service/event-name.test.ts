import { expect, test } from 'vitest';
import { eventName } from '../../src/service/event-name.ts';

test.each([
  ['item/tool/call', 'item.tool.call'],
  ['thread/tokenUsage/updated', 'thread.token_usage.updated'],
  ['item/fileChange/requestApproval', 'item.file_change.request_approval'],
  ['item/agentMessage/delta', 'item.agent_message.delta'],
  ['turn/completed', 'turn.completed'],
  ['account/chatgptAuthTokens/refresh', 'account.chatgpt_auth_tokens.refresh'],
  ['account/gatewayOAuth/changed', 'account.gateway_o_auth.changed'],
  ['windows/HTTPServer/v2Ready', 'windows.http_server.v2_ready'],
  ['deprecationNotice', 'deprecation_notice'],
  [' a-b / __c__ ', 'a_b.c'],
  ['a//b', 'a.unknown.b'],
  ['', 'unknown'],
  ['日本/x', 'unknown.x'],
])('%s is %s', (method, name) => expect(eventName(method)).toBe(name));

/** One protocol server: lists the tools, and passes calls to the runner. */
import type {
  CallToolRequest,
  CallToolResult,
  Server,
  ServerContext,
} from '@modelcontextprotocol/server';
import type { Env } from '../env.ts';
import { failureText } from '../tools/failure.ts';
import type { CallRunner } from './call-runner.ts';
import type { ServerPackage } from './sdk.ts';
import { mcpResult } from './served-content.ts';
import type { ServedTools } from './served-tools.ts';

/** What all connections to one endpoint share. */
export interface Endpoint {
  readonly sdk: ServerPackage;
  readonly env: Env;
  readonly info: { readonly name: string; readonly version: string };
  readonly instructions: string;
  readonly served: ServedTools;
  readonly runner: CallRunner;
  /** Names connections that have no name of their own. */
  readonly id: string;
  /** Aborts when the endpoint closes: then its calls are over. */
  readonly over: AbortSignal;
}

/** Tells the client that work goes on, where it asked to be told. */
function progressReporter({ mcpReq }: ServerContext): () => void {
  const { _meta: { progressToken } = {} } = mcpReq;
  let progress = 0;
  return () => {
    if (progressToken === undefined) return;
    progress += 1;
    const params = { progressToken, progress };
    // A client that is gone has its call cancelled in any case.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
  };
}

async function answerCall(
  endpoint: Endpoint,
  { name, arguments: args = {} }: CallToolRequest['params'],
  context: ServerContext,
): Promise<CallToolResult> {
  const { sdk, env, served, runner, id, over } = endpoint;
  const tool = served.byName.get(name);
  if (tool === undefined) {
    const known = [...served.byName.keys()];
    const text = failureText({ kind: 'unknown_tool', name, known });
    throw new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, text);
  }
  const output = await runner.run(tool, args, {
    sessionId: context.sessionId ?? id,
    callId: env.id(),
    signal: AbortSignal.any([context.mcpReq.signal, over]),
    onProgress: progressReporter(context),
  });
  return mcpResult(output);
}

/**
 * A server for one connection, or for one request where the protocol knows no connections.
 * @param onCall is told when a call begins; what it returns, when it is over
 */
export function createProtocolServer(
  endpoint: Endpoint,
  onCall: () => () => void = () => () => {},
): Server {
  const { sdk, info, instructions, served } = endpoint;
  const server = new sdk.Server(info, {
    capabilities: { tools: {} },
    ...(instructions === '' ? {} : { instructions }),
  });
  server.setRequestHandler('tools/list', () => ({ tools: [...served.listed] }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const onOver = onCall();
    try {
      return await answerCall(endpoint, params, context);
    } finally {
      onOver();
    }
  });
  return server;
}

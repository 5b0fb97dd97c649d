/** `sessionmesh sessions create`: makes a session on the service and prints its id. */
import { resolve } from 'node:path';
import { SessionMeshError } from '../errors.ts';
import { routes } from '../hosts/control-service/routes.ts';
import type { JsonValue } from '../tools/adapters/index.ts';
import { writeJson } from '../tools/adapters/index.ts';
import { isRecord } from '../tools/json.ts';
import { connectService } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import { dynamicToolsOf, isToolList, loadToolList, loadToolModule } from './tool-module.ts';

/** What to make. */
export interface SessionsCreateOptions extends AddressOptions {
  readonly title?: string;
  readonly cwd?: string;
  readonly model?: string;
  readonly approvalPolicy?: string;
  readonly sandbox?: string;
  readonly network?: string;
  /** A module, or a `.json` list of dynamic tools. */
  readonly tools?: string;
  readonly json?: boolean;
}

async function readTools(file: string): Promise<unknown> {
  const tools: JsonValue = isToolList(file)
    ? await loadToolList(file)
    : dynamicToolsOf((await loadToolModule(file)).parts);
  return JSON.parse(writeJson(tools));
}

/** Makes the session, names it, and prints its id; with `json` the answer of the service. */
export async function runSessionsCreateCommand(options: SessionsCreateOptions): Promise<void> {
  const { title, cwd, model, approvalPolicy, sandbox, network, tools } = options;
  await using connection = await connectService(options);
  const body = {
    ...(cwd === undefined ? {} : { cwd: resolve(cwd) }),
    ...(model === undefined ? {} : { model }),
    ...(approvalPolicy === undefined ? {} : { approvalPolicy }),
    ...(sandbox === undefined ? {} : { filesystemSandbox: sandbox }),
    ...(network === undefined ? {} : { networkAccess: network }),
    ...(tools === undefined ? {} : { dynamicTools: await readTools(tools) }),
  };
  const made = await connection.ask(routes.createSession(body));
  const session = isRecord(made.session) ? made.session : {};
  const { sessionId } = session;
  if (typeof sessionId !== 'string') {
    const expected = 'a session in the answer of the service';
    throw new SessionMeshError('protocol_invalid', { expected });
  }
  const named =
    title === undefined
      ? { session }
      : await connection.ask(routes.renameSession(sessionId, title), { sessionId });
  const text = options.json ? JSON.stringify(named.session ?? session, null, 2) : sessionId;
  process.stdout.write(`${text}\n`);
}

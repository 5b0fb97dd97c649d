/** What is said of a session when it is opened, in the words of the service. */
import { SessionMeshError } from '../../errors.ts';
import type { HostTool, SessionSettings } from '../host.ts';
import type { MessageControls } from './tracked-session.ts';

/** Settings that only a control service knows. */
export interface ControlServiceSettings extends SessionSettings {
  readonly networkAccess?: 'restricted' | 'enabled';
  /** Sent in place of the session's tools, whatever it is. */
  readonly dynamicTools?: unknown;
}

type FunctionTool = Extract<HostTool, { type: 'function' }>;

/** A tool in the one form that every service takes. */
function flatTool({ name, description, inputSchema }: FunctionTool): object {
  return { name, description, inputSchema };
}

function namespaceTool({
  type,
  name,
  description,
  tools,
}: Exclude<HostTool, FunctionTool>): object {
  const members = tools.map((member) => ({
    ...flatTool(member),
    ...(member.deferLoading ? { deferLoading: true } : {}),
  }));
  return { type, name, description, tools: members };
}

/**
 * Refuses tools that the service has no form for: namespaces, where it is a codex-manager server.
 * @throws SessionMeshError `host_unsupported`
 */
export function checkTools(tools: readonly HostTool[], takesNamespaces: boolean): void {
  const found = tools.find(({ type }) => type === 'namespace');
  if (!found || takesNamespaces) return;
  throw new SessionMeshError('host_unsupported', {
    expected: 'flat tools: a codex-manager server takes no namespaces',
    found: `namespace ${found.name}`,
    fix: 'add its tools one by one, without deferLoading',
  });
}

function refuseWords({ instructions }: SessionSettings): void {
  if (instructions === undefined) return;
  throw new SessionMeshError('host_unsupported', {
    expected: 'a session without `instructions`: a control service has no place for them',
    fix: 'say them in the first message',
  });
}

function controlsOf(settings: ControlServiceSettings): MessageControls {
  const { model, approvalPolicy, networkAccess, sandbox } = settings;
  return {
    ...(model === undefined ? {} : { model }),
    ...(approvalPolicy === undefined ? {} : { approvalPolicy }),
    ...(networkAccess === undefined ? {} : { networkAccess }),
    ...(sandbox === undefined ? {} : { filesystemSandbox: sandbox }),
  };
}

/**
 * The body that creates a session. What is left out is the service's default.
 * @throws SessionMeshError `host_unsupported` for what the service has no place for
 */
export function sessionBody(settings: ControlServiceSettings, tools: readonly HostTool[]): object {
  refuseWords(settings);
  const { cwd, dynamicTools } = settings;
  const own = tools.map((tool) =>
    tool.type === 'function' ? flatTool(tool) : namespaceTool(tool),
  );
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...controlsOf(settings),
    ...('dynamicTools' in settings
      ? { dynamicTools }
      : own.length === 0
        ? {}
        : { dynamicTools: own }),
  };
}

/**
 * What is said with the next message to a session that exists already.
 * @throws SessionMeshError `host_unsupported` for what cannot be said then
 */
export function messageControls(settings: ControlServiceSettings): MessageControls {
  refuseWords(settings);
  if (settings.cwd !== undefined) {
    throw new SessionMeshError('host_unsupported', {
      expected: 'no `cwd` for a session that exists: it stays where it was created',
      found: settings.cwd,
    });
  }
  return controlsOf(settings);
}

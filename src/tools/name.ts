/**
 * Names as Codex takes them. One bad name makes Codex refuse the whole session, and some good ones are
 * dead there: a built-in tool answers in place of yours. Both are told before a session opens.
 */
import { SessionMeshError } from '../errors.ts';

const toolNameCharsMax = 128;
const namespaceNameCharsMax = 64;

/** Namespaces of the Responses API, and one of Codex itself that a second one would be merged into. */
const reservedNamespaces: ReadonlySet<string> = new Set([
  'api_tool',
  'browser',
  'computer',
  'container',
  'file_search',
  'functions',
  'image_gen',
  'multi_agent_v1',
  'multi_tool_use',
  'python',
  'python_user_visible',
  'submodel_delegator',
  'terminal',
  'tool_search',
  'web',
]);

/** Built-in tools that Codex always runs in place of a tool of the same name, without a word. */
const builtInAlways: ReadonlySet<string> = new Set([
  'create_goal',
  'exec_command',
  'get_goal',
  'request_user_input',
  'shell_command',
  'update_goal',
  'view_image',
  'write_stdin',
]);

/** Built-in tools that some models, modes or settings have. */
const builtInSometimes: ReadonlySet<string> = new Set([
  'apply_patch',
  'exec',
  'image_generation',
  'shell',
  'tool_search',
  'update_plan',
  'wait',
  'web_search',
]);

function shorten(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function checkName(name: unknown, what: string, charsMax: number): string {
  const found = typeof name === 'string' ? shorten(name) : typeof name;
  if (typeof name !== 'string' || name.length > charsMax || !/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new SessionMeshError('tool_name_invalid', {
      expected: `${what} of 1-${charsMax} characters of A-Z a-z 0-9 _ -`,
      found,
      fix: 'correct the name',
    });
  }
  if (name === 'mcp' || name.startsWith('mcp__')) {
    throw new SessionMeshError('tool_name_reserved', {
      found,
      fix: 'choose a name other than `mcp` that does not begin with `mcp__`: those are for MCP servers',
    });
  }
  return name;
}

/**
 * `name` if it can be a tool's.
 * @throws SessionMeshError `tool_name_invalid` or `tool_name_reserved`.
 */
export function checkToolName(name: unknown): string {
  return checkName(name, 'a tool name', toolNameCharsMax);
}

/**
 * `name` if it can be a namespace's.
 * @throws SessionMeshError `tool_name_invalid` or `tool_name_reserved`.
 */
export function checkNamespaceName(name: unknown): string {
  const checked = checkName(name, 'a namespace name', namespaceNameCharsMax);
  if (reservedNamespaces.has(checked)) {
    throw new SessionMeshError('tool_name_reserved', {
      found: shorten(checked),
      fix: 'choose another name for the namespace: this one belongs to Codex or the model',
    });
  }
  return checked;
}

/** Whether a tool of this name outside a namespace is dead, because Codex runs its own tool instead. */
export function isBuiltIn(name: string): boolean {
  return builtInAlways.has(name);
}

/**
 * Refuses a name that would be dead outside a namespace, because Codex runs its own tool instead.
 * @throws SessionMeshError `tool_name_reserved`.
 */
export function checkTopLevelName(name: string): void {
  if (isBuiltIn(name)) {
    throw new SessionMeshError('tool_name_reserved', {
      found: `${shorten(name)}, a built-in tool of Codex that would run in its place`,
      fix: 'choose another name, or put the tool in a namespace',
    });
  }
}

/** Whether a tool of this name outside a namespace is dead with some models, because Codex has its own. */
export function isSometimesBuiltIn(name: string): boolean {
  return builtInSometimes.has(name);
}

/** A tool's name for people: `namespace/name`, or the name alone. */
export function displayName(namespace: string | null, name: string): string {
  return namespace === null ? name : `${namespace}/${name}`;
}

/** The names under which a model calls the tools of MCP servers. */
import { createHash } from 'node:crypto';
import type { HostToolName } from './tool-name.ts';
import { compareUtf8 } from './unicode.ts';

/** A server and the names its tools have there. */
export interface McpServerNames {
  readonly server: string;
  readonly toolNames: readonly string[];
}

/** One server's namespace, and the callable name of each of its tools, by the name it has there. */
export interface McpCallableNames {
  readonly server: string;
  readonly namespace: string;
  readonly names: ReadonlyMap<string, HostToolName>;
}

/** Characters of a namespace, the joint and a member name together. */
const fullNameCharsMax = 128;
const joint = '__';
const hashChars = 12;

const safe = (name: string) => name.replace(/[^A-Za-z0-9_]/gu, '_') || '_';

const suffix = (...identity: readonly string[]) =>
  `_${createHash('sha1').update(identity.join('\0')).digest('hex').slice(0, hashChars)}`;

/** The texts that come up more than once. */
function repeated(texts: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) again.add(text);
    seen.add(text);
  }
  return again;
}

const safeNamespace = (server: string) => `mcp${joint}${safe(server)}`;

/** `name` with its hash, cut until the whole fits; a namespace is cut only when nothing else helps. */
function cutToFit(namespace: string, name: string, hash: string): HostToolName {
  const namespaceKept = namespace.slice(0, fullNameCharsMax - joint.length - hash.length);
  const room = fullNameCharsMax - joint.length - namespaceKept.length - hash.length;
  return { namespace: namespaceKept, name: name.slice(0, room) + hash };
}

function callableNames({ server, toolNames }: McpServerNames, namespace: string): McpCallableNames {
  const rawNames = [...new Set(toolNames)];
  const shared = repeated(rawNames.map(safe));
  const names = new Map<string, HostToolName>();
  for (const rawName of rawNames) {
    const name = safe(rawName);
    const chars = namespace.length + joint.length + name.length;
    const isPlain = !shared.has(name) && chars <= fullNameCharsMax;
    const hash = suffix(server, server, '', rawName, rawName);
    names.set(rawName, isPlain ? { namespace, name } : cutToFit(namespace, name, hash));
  }
  return { server, namespace, names };
}

/**
 * The callable names of all `servers`, in order of their raw names. A name that is unique and short
 * enough keeps its form, characters outside `A-Za-z0-9_` replaced; otherwise a hash of what it stands
 * for is appended and the name is cut to fit. Namespaces of servers that map to one text get one too.
 */
export function mcpCallableNames(servers: readonly McpServerNames[]): readonly McpCallableNames[] {
  const sorted = servers.toSorted((left, right) => compareUtf8(left.server, right.server));
  const shared = repeated(sorted.map(({ server }) => safeNamespace(server)));
  return sorted.map((names) => {
    const { server } = names;
    const plain = safeNamespace(server);
    return callableNames(names, shared.has(plain) ? plain + suffix(server, server, '') : plain);
  });
}

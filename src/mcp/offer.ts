/** How the tools of an MCP server are offered to sessions. */
import type { ToolPolicy } from '../tools/contract.ts';

/** What may be said of a server's tools. */
export interface RemoteToolOptions {
  /** Keeps the tools from the model until it searches for them. */
  readonly deferLoading?: boolean;
  /** How the tools are run: for all of them, or by a tool's name on the server. */
  readonly policy?: ToolPolicy | ((toolName: string) => ToolPolicy);
}

/** A tool of a server that cannot be offered, and why. */
export interface LeftOutTool {
  /** Its name on the server. */
  readonly name: string;
  readonly reason: string;
}

/** How the tools of a server differ from what they were: by their names on the server. */
export interface ToolListChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Tools with another description or schema. */
  readonly changed: readonly string[];
}

/** `sessionmesh mcp`: serves the tools of a module to MCP clients, over stdio or HTTP. */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { whenAborted } from '../abort.ts';
import { SessionMeshError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { serveOn } from '../mcp/serve-on.ts';
import type { McpServing, ServeToolsOptions } from '../mcp/serving.ts';
import { interruptedExitCode, watchInterruption } from './interruption.ts';
import { counted, plainLine } from './plain-text.ts';
import { loadToolModule, type ModuleSelection } from './tool-module.ts';

/** What `mcp` takes, as the command line gives it. */
export interface McpCommandOptions extends ModuleSelection {
  /** Over streamable HTTP instead of stdio. */
  readonly http?: boolean;
  /** With `http`; any free port by default. */
  readonly port?: number;
  /** With `http`: false lets every program of this machine in. */
  readonly auth?: boolean;
  /** What the server calls itself. */
  readonly name?: string;
  /** Runs tools with `approval: 'always'` without asking: where the client asks its user already. */
  readonly approveAll?: boolean;
}

/** Where the token comes from when it is not to be made up. Not an argument: those are for all to see. */
const tokenVariable = 'SESSIONMESH_MCP_TOKEN';

const say = (text: string) => process.stderr.write(`${text}\n`);

const sayAs = (level: string) => (fields: object, message: string) => {
  say(`sessionmesh mcp: ${level}: ${message} ${JSON.stringify(fields)}`);
};

/** Warnings and errors, as lines on stderr. */
const logger: Logger = { debug() {}, info() {}, warn: sayAs('warning'), error: sayAs('error') };

/**
 * Takes stdout for the protocol. What anybody else prints from now on, modules with a `console.log` in
 * them, goes to stderr.
 */
function claimStdout(): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const protocol = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, callback) => void write(chunk, callback),
  });
  stdout.on('error', (error) => protocol.destroy(error));
  return protocol;
}

/** The tools, as `sessionmesh tools` finds them; what inference says of them goes to stderr. */
async function loadTools(module: string, selection: ModuleSelection) {
  const { parts, warnings } = await loadToolModule(module, selection);
  for (const warning of warnings) say(`sessionmesh mcp: warning: ${plainLine(warning)}`);
  return parts;
}

interface HttpAccess {
  readonly token: string | null;
  /** Nobody knows it yet. */
  readonly isNew: boolean;
}

function httpAccess(auth: boolean): HttpAccess {
  if (!auth) return { token: null, isNew: false };
  const given = process.env[tokenVariable];
  if (given !== undefined) return { token: given, isNew: false };
  return { token: randomBytes(24).toString('base64url'), isNew: true };
}

function tellHttp({ url, toolNames }: McpServing, { token, isNew }: HttpAccess): void {
  say(`serving ${counted(toolNames.length, 'tool')} at ${url}`);
  if (isNew) say(`Authorization: Bearer ${token}`);
  else
    say(
      token === null
        ? 'no authorization: any program of this machine may call them'
        : `token: ${tokenVariable}`,
    );
}

/** Resolves when nothing is served any more, or the command is interrupted. */
async function untilOver(serving: McpServing): Promise<void> {
  using interruption = watchInterruption();
  const { signal } = interruption;
  await Promise.race([serving.closed, whenAborted(signal)]);
  await serving.close();
  if (signal.aborted) process.exitCode = interruptedExitCode;
}

/** Refuses options of HTTP without it: over stdio they would protect, or open, nothing. */
function checkTogether({ http = false, port, auth = true }: McpCommandOptions): void {
  if (http) return;
  const stray = port !== undefined ? '--port' : auth ? undefined : '--no-auth';
  if (stray === undefined) return;
  throw new SessionMeshError('option_invalid', {
    expected: `--http with ${stray}`,
    found: `${stray} alone`,
    fix: `add --http, or leave ${stray} out: stdio has neither a port nor a token`,
  });
}

/**
 * Serves what `module` exports until the client is gone (stdio) or the command is interrupted.
 * @throws SessionMeshError `option_invalid` for options of HTTP without `http`; as `loadToolModule` and `serveTools`
 */
export async function runMcpCommand(module: string, options: McpCommandOptions): Promise<void> {
  const { http = false, port = 0, auth = true, name, approveAll = false } = options;
  checkTogether(options);
  const common: Omit<ServeToolsOptions, 'transport'> = {
    logger,
    ...(name === undefined ? {} : { name }),
    ...(approveAll ? { approve: () => true } : {}),
  };
  // Before the module runs, which may print something.
  const output = http ? undefined : claimStdout();
  const tools = await loadTools(module, options);
  const access = httpAccess(auth);
  const transport = http
    ? ({ kind: 'http', port, token: access.token } as const)
    : ({ kind: 'stdio' } as const);
  const streams = () => ({ input: process.stdin, output: output ?? process.stdout });
  await using serving = await serveOn(tools, { ...common, transport }, streams);
  if (http) tellHttp(serving, access);
  await untilOver(serving);
  process.stdin.destroy();
  // What the module keeps open, or a handler that ignores its signal, must not hold the process.
  setTimeout(() => process.exit(), defaultLimits.streamCloseMs).unref();
}

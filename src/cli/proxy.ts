/** `sessionmesh proxy`: stands between a client and a server, and hurts what passes. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { whenAborted } from '../abort.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import {
  parseToxic,
  parseToxicText,
  ProxyRegistry,
  startProxyControl,
  startStdioProxy,
  toxicTypes,
  type FramingName,
  type ProxyFault,
  type StdioProxy,
  type Toxic,
} from '../soak/proxy/index.ts';
import { UndoStack } from '../undo-stack.ts';
import { parsePort } from './command-options.ts';
import { interruptedExitCode, watchInterruption } from './interruption.ts';
import { counted } from './plain-text.ts';

/** The verbs for frames, as options of their own: a probability each. */
const frameOptions = ['drop', 'duplicate', 'reorder', 'garbage', 'truncate'] as const;

interface ProxyCommandOptions {
  readonly listen: string;
  readonly upstream?: string;
  readonly stdio?: boolean;
  readonly frames?: FramingName;
  readonly toxic: readonly string[];
  readonly drop?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly garbage?: number;
  readonly truncate?: number;
  readonly seed: number;
  readonly control?: number;
  readonly controlFile?: string;
  readonly auth: boolean;
  readonly json?: boolean;
}

/** Where the token comes from when it is not to be made up. Not an argument: those are for all to see. */
const tokenVariable = 'SESSIONMESH_PROXY_TOKEN';

const say = (text: string) => process.stderr.write(`${text}\n`);

function toxicsOf(options: ProxyCommandOptions): readonly Toxic[] {
  const frames = frameOptions.flatMap((type) => {
    const toxicity = options[type];
    if (toxicity === undefined) return [];
    return (['upstream', 'downstream'] as const).map((stream) =>
      parseToxic({ type, stream, toxicity }),
    );
  });
  return [...options.toxic.flatMap(parseToxicText), ...frames];
}

function showFault({ connection, toxic, detail }: ProxyFault): string {
  return `connection ${connection}: ${toxic}${detail === null ? '' : ` (${detail})`}`;
}

/** Tells of every fault. A child's own stdout is not ours to write to. */
function teller({ json = false, stdio = false }: ProxyCommandOptions) {
  const write = (text: string) => (stdio ? process.stderr : process.stdout).write(`${text}\n`);
  return (type: string, fields: object, text: string) => {
    write(json ? JSON.stringify({ type, ...fields }) : text);
  };
}

type Tell = ReturnType<typeof teller>;

/** Says where the API is in a file that is new: whoever waits for it must not find an earlier one. */
async function writeControlFile(file: string, content: object): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: '--control-file to be a new file that can be written',
      found: messageOf(thrown),
      fix: 'name a file that does not exist yet, in a folder that does',
      cause: thrown,
    });
  }
}

/**
 * Serves the control API, if it is asked for, and says where. Leaves nothing open if it throws.
 * @throws SessionMeshError `option_invalid` for a control file that cannot be made
 */
async function serveControl(
  registry: ProxyRegistry,
  { control, controlFile, auth }: ProxyCommandOptions,
  tell: Tell,
): Promise<AsyncDisposable> {
  if (control === undefined && controlFile === undefined) return new UndoStack();
  const given = process.env[tokenVariable];
  const token = auth ? given : null;
  await using undo = new UndoStack();
  const api = undo.use(
    await startProxyControl({
      registry,
      ...(control === undefined ? {} : { port: control }),
      ...(token === undefined ? {} : { token }),
    }),
  );
  if (controlFile !== undefined) {
    await writeControlFile(controlFile, { url: api.url, token: api.token });
  }
  const shown = token === undefined ? `Authorization: Bearer ${api.token}` : 'the token is yours';
  tell('control.started', { url: api.url }, `control API at ${api.url}`);
  if (auth && controlFile === undefined) say(shown);
  return undo.move();
}

function registryOf(options: ProxyCommandOptions, tell: Tell): ProxyRegistry {
  const { seed, frames } = options;
  const onFault = (fault: ProxyFault) => tell('fault', { fault }, showFault(fault));
  const common = { seed, onFault, ...(frames === undefined ? {} : { framing: frames }) };
  return new ProxyRegistry(common, defaultLimits.proxiesMax);
}

async function runSocketProxy(options: ProxyCommandOptions): Promise<void> {
  const { listen, upstream } = options;
  if (upstream === undefined) {
    const fix = 'pass --upstream HOST:PORT, or --stdio -- COMMAND';
    throw new SessionMeshError('option_invalid', { expected: 'an upstream', fix });
  }
  const tell = teller(options);
  const toxics = toxicsOf(options);
  using interruption = watchInterruption();
  const registry = registryOf(options, tell);
  await using undo = new UndoStack();
  undo.defer(() => registry.close());
  const proxy = await registry.create('proxy', listen, upstream);
  for (const toxic of toxics) proxy.toxics.add(toxic);
  undo.use(await serveControl(registry, options, tell));
  const where = { listen: proxy.listen, upstream: proxy.upstream };
  tell('proxy.started', where, `${proxy.listen} -> ${proxy.upstream}\nCtrl-C ends it`);
  await whenAborted(interruption.signal);
  const { stats } = proxy;
  const faults = Object.entries(stats.faults).map(([type, count]) => `${count} ${type}`);
  const summary = faults.length > 0 ? faults.join(', ') : 'none';
  tell('proxy.ended', { stats }, `${counted(stats.connections, 'connection')}; faults: ${summary}`);
  process.exitCode = interruptedExitCode;
}

async function runStdioProxy(
  command: readonly string[],
  options: ProxyCommandOptions,
): Promise<void> {
  const [program, ...args] = command;
  if (program === undefined) {
    const fix = 'pass --stdio -- COMMAND [ARGUMENTS]';
    throw new SessionMeshError('option_invalid', { expected: 'a command', fix });
  }
  // Only those who ask for it are told: stderr is the child's.
  const tell: Tell = options.json ? teller(options) : () => {};
  const proxy = await startStdioProxy({
    command: program,
    args,
    input: process.stdin,
    output: process.stdout,
    toxics: toxicsOf(options),
    seed: options.seed,
    ...(options.frames === undefined ? {} : { framing: options.frames }),
    onFault: (fault) => tell('fault', { fault }, ''),
  });
  await using undo = new UndoStack();
  undo.defer(() => {
    // For a start that fails: a child that has ended by itself is not touched.
    proxy.kill('SIGKILL');
    process.stdin.destroy();
  });
  const registry = registryOf(options, tell);
  registry.add(proxy.line);
  undo.use(await serveControl(registry, options, tell));
  await untilExit(proxy);
}

/** Ends as the child does. Signals are for the child. */
async function untilExit(proxy: StdioProxy): Promise<void> {
  const forward = (signal: NodeJS.Signals) => proxy.kill(signal);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  const { code } = await proxy.exited;
  process.off('SIGINT', forward);
  process.off('SIGTERM', forward);
  process.exitCode = code ?? 1;
}

/** A probability, as the command line gives it. */
function parseProbability(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new SessionMeshError('option_invalid', { expected: 'a number from 0 to 1', found: text });
}

const collect = (text: string, before: readonly string[]) => [...before, text];

const help = `
A toxic is written VERB=VALUE±VARIATION@TOXICITY:STREAM, all but the verb optional:
  latency=200ms±50          delay, in order              bandwidth=64@0.5   KB per second
  slow_close=1s             the end passes late          timeout=0          silent, held open
  reset_peer=500ms          reset after a while          slicer=16±8        pieces of bytes
  limit_data=4kb            closed after so many bytes   down               cut at once
and for whole frames (messages of a WebSocket, or lines): drop, duplicate=DELAY,
reorder=WINDOW±DELAY, garbage=SIZE, truncate=CLOSE. STREAM is upstream, downstream or both.

Control API (--control), as Toxiproxy's: GET|POST /proxies, GET|POST|PATCH|DELETE /proxies/NAME,
  GET|POST /proxies/NAME/toxics, GET|POST|PATCH|DELETE /proxies/NAME/toxics/TOXIC, POST /reset.
  Its token is made up and printed, or taken from ${tokenVariable}.

Examples:
  $ sessionmesh proxy --upstream 127.0.0.1:3001 --toxic latency=200ms±50 --drop 0.05 --seed 1
  $ sessionmesh proxy --listen /tmp/hurt.sock --upstream /tmp/codex.sock --toxic timeout=0@0.1
  $ sessionmesh proxy --stdio --duplicate 0.1 -- codex app-server`;

/** Adds the command to the program. */
export function addProxyCommand(program: Command): void {
  const command = program
    .command('proxy')
    .description('stand between a client and a server and inject network faults')
    .argument('[command...]', 'with --stdio: the program to wrap, after --')
    .addOption(new Option('--listen <address>', 'HOST:PORT or a path').default('127.0.0.1:0'))
    .addOption(new Option('--upstream <address>', 'HOST:PORT or the path of a Unix socket'))
    .addOption(new Option('--stdio', 'wrap a child process instead of listening'))
    .addOption(
      new Option(
        '--frames <kind>',
        'what a frame is (default: websocket, lines with --stdio)',
      ).choices(['websocket', 'lines', 'none']),
    )
    .addOption(
      new Option('--toxic <toxic>', `one of ${toxicTypes.join(', ')}; may be repeated`)
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--seed <number>', 'what randomness follows from').argParser(Number).default(1),
    );
  for (const name of frameOptions) {
    const description = `the part of frames to ${name === 'garbage' ? 'put noise before' : name}`;
    command.addOption(new Option(`--${name} <part>`, description).argParser(parseProbability));
  }
  command
    .addOption(
      new Option('--control <port>', 'serve the control API; 0 for any port').argParser(
        parsePort('--control'),
      ),
    )
    .addOption(
      new Option('--control-file <path>', 'serve it, and write its address and token there'),
    )
    .addOption(new Option('--no-auth', 'the control API asks for no token'))
    .addOption(new Option('--json', 'one line of JSON for each fault (with --stdio: on stderr)'))
    .addHelpText('after', help)
    .action(async (words: readonly string[], options: ProxyCommandOptions) => {
      if (!Number.isSafeInteger(options.seed)) {
        throw new SessionMeshError('option_invalid', { expected: 'a whole number as --seed' });
      }
      await (options.stdio ? runStdioProxy(words, options) : runSocketProxy(options));
    });
}

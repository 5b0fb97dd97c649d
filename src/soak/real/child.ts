/** A process of a run: started from a module of ours, spoken to over IPC, killed, paused, gone on with. */
import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf, SessionMeshError } from '../../errors.ts';

/** Bytes of a child's stderr that are kept to explain its death. */
const tailCharsMax = 4_096;

/** Which function of which module a process runs. */
export interface Entry {
  /** The module, relative to this folder, without its extension. */
  readonly module: 'runtime-process' | 'service-process' | 'scripted-app-server' | 'stdio-link';
  readonly call: string;
  /** Its only argument. Plain JSON. */
  readonly options: object;
}

const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The arguments with which Node runs an entry. */
export function nodeArguments({ module, call, options }: Entry): readonly string[] {
  const url = new URL(`./${module}${extension}`, import.meta.url);
  const code = `import { ${call} } from ${JSON.stringify(url.href)}; await ${call}(${JSON.stringify(options)});`;
  return ['--expose-gc', '--input-type=module', '--eval', code];
}

/** How a process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it said on stderr. */
  readonly said: string;
}

/** One process. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<ChildEnd>;
  readonly hasExited: boolean;
  tell(message: object): void;
  signal(name: NodeJS.Signals): void;
}

/** What is told of a process. */
export interface ChildHandlers {
  readonly onMessage?: (message: unknown) => void;
  /** A piece of its stderr. */
  readonly onLog?: (text: string) => void;
}

/** Starts any program as a child that is spoken to over IPC if it is a Node. */
export function startProgram(
  name: string,
  { command, args, env }: ProgramOptions,
  { onMessage, onLog }: ChildHandlers = {},
): Child {
  const child: ChildProcess = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...(env ? { env } : {}),
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new SessionMeshError('host_start_failed', { expected: `${name} to start` });
  }
  let said = '';
  let hasExited = false;
  child.on('error', (error) => (said += messageOf(error)));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-tailCharsMax);
    onLog?.(text);
  });
  if (onMessage) child.on('message', onMessage);
  const exited = new Promise<ChildEnd>((resolve) => {
    child.once('close', (code, signal) => {
      hasExited = true;
      resolve({ code, signal, said });
    });
  });
  return {
    name,
    pid,
    exited,
    get hasExited() {
      return hasExited;
    },
    tell: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    signal: (signal) => void child.kill(signal),
  };
}

/** A program, its arguments and its environment; left out: ours. */
export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts an entry of ours. */
export function startChild(name: string, entry: Entry, handlers?: ChildHandlers): Child {
  return startProgram(name, { command: process.execPath, args: nodeArguments(entry) }, handlers);
}

/** `sessionmesh serve`: sessions over HTTP and a WebSocket, for clients in any language. */
import { join, resolve } from 'node:path';
import { whenAborted } from '../abort.ts';
import { SessionMeshError } from '../errors.ts';
import type { JournalMode } from '../ledger/journal.ts';
import type { Logger } from '../logger.ts';
import type { LedgerOptions } from '../mesh/mesh-options.ts';
import { startService, type Service } from '../service/service.ts';
import { watchInterruption } from './interruption.ts';
import { openBrowser } from './open-browser.ts';
import { plainLine } from './plain-text.ts';
import { stateDirOf } from './service-address.ts';
import { loadToolModule } from './tool-module.ts';
import { openWitness, type WitnessOptions } from './witness.ts';

/** What `serve` takes, as the command line gives it. */
export interface ServeCommandOptions extends WitnessOptions {
  /** Where to listen. Default: `127.0.0.1`. */
  readonly host?: string;
  /** Default: 3001; 0 for any free one. */
  readonly port?: number;
  /** False: no token is asked for. Only on loopback. */
  readonly auth?: boolean;
  /** The Codex program. Default: the one that is found. */
  readonly codex?: string;
  /** A module whose exported tools are served in every session. */
  readonly tools?: string;
  /** Where sessions work that do not say. */
  readonly cwd?: string;
  /** Publish everything Codex tells, and each of it twice, as clients of old expect. */
  readonly allNotifications?: boolean;
  /** Where calls and their outcomes are recorded; false: in memory only. Default: in the state folder. */
  readonly ledger?: string | boolean;
  /** Seconds that a client may take for an answer. Default: an hour. */
  readonly callTimeout?: number;
  /** What a crash of the machine may cost: nothing that was recorded (`sync`, the default), or its last moment. */
  readonly durability?: JournalMode;
  /** Opens the dashboard in a browser. */
  readonly open?: boolean;
  readonly json?: boolean;
}

function complain(level: string, fields: object, message: string): void {
  const line = `sessionmesh: ${level}: ${message} ${JSON.stringify(fields)}`;
  process.stderr.write(`${plainLine(line)}\n`);
}

/** Warnings and errors, one a line, to stderr. */
const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => complain('warning', fields, message),
  error: (fields, message) => complain('error', fields, message),
};

function announce(service: Service, stateDir: string, json: boolean): void {
  const { url, tokenFile } = service;
  const stateFile = join(stateDir, 'service.json');
  const { pid } = process;
  const dashboard = service.pageUrl();
  const token = tokenFile === null ? 'no token is asked for' : `its token is in ${tokenFile}`;
  const text = json
    ? JSON.stringify({ type: 'service.started', url, pid, tokenFile, stateFile, dashboard })
    : `sessionmesh service at ${url}\n${token}\ndashboard: ${dashboard}\nCtrl-C ends it`;
  process.stdout.write(`${text}\n`);
}

function ledgerOf(
  { ledger = true, durability = 'sync' }: ServeCommandOptions,
  stateDir: string,
): LedgerOptions | null {
  if (durability !== 'sync' && durability !== 'async') {
    const expected = "--durability to be 'sync' or 'async'";
    throw new SessionMeshError('option_invalid', { expected, found: String(durability) });
  }
  if (ledger === false) return null;
  const path = ledger === true ? join(stateDir, 'ledger.sqlite') : resolve(ledger);
  return { path, mode: durability };
}

/** Serves until it is interrupted; then turns may go on for a moment before everything ends. */
export async function runServeCommand(options: ServeCommandOptions): Promise<void> {
  const { host, port, auth = true, codex, tools, cwd, json = false } = options;
  const { callTimeout, allNotifications } = options;
  using interruption = watchInterruption();
  const stateDir = stateDirOf(process.env);
  const ledger = ledgerOf(options, stateDir);
  await using witness = await openWitness(options, 'serve', stderrLogger);
  const service = await startService({
    host: { env: process.env, ...(codex === undefined ? {} : { command: codex }) },
    ...(host === undefined ? {} : { address: host }),
    ...(port === undefined ? {} : { port }),
    ...(auth ? {} : { token: null }),
    ...(tools === undefined ? {} : { tools: (await loadToolModule(tools)).parts }),
    ...(cwd === undefined ? {} : { cwd: resolve(cwd) }),
    ...(callTimeout === undefined ? {} : { callTimeoutMs: callTimeout * 1_000 }),
    notifications: allNotifications ? 'all' : 'chosen',
    stateDir,
    ...(ledger ? { ledger } : {}),
    logger: stderrLogger,
    onEvent: witness.onMeshEvent,
    signal: interruption.signal,
  });
  witness.begin();
  announce(service, stateDir, json);
  if (options.open && !(await openBrowser(service.pageUrl()))) {
    process.stderr.write('sessionmesh: no browser could be opened; open the address yourself\n');
  }
  await whenAborted(interruption.signal);
  if (!json) process.stdout.write('ending; turns may go on for a moment, Ctrl-C again stops now\n');
  await service.close();
}

/** `sessionmesh team`: three Codex sessions that work as a team, rehearsed or live. */
import { whenAborted } from '../abort.ts';
import { appServer } from '../hosts/app-server/index.ts';
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { silentLogger } from '../logger.ts';
import { startMesh } from '../mesh/start-mesh.ts';
import type { MeshEvent } from '../mesh/event.ts';
import type { TeamEvent } from '../team/event.ts';
import { rehearsal } from '../team/rehearsal.ts';
import { softwareTeam } from '../team/software-team.ts';
import { createTeam } from '../team/team.ts';
import type { TeamResult } from '../team/team-run.ts';
import { scriptedCodexHome, startScriptedModel } from '../testing/index.ts';
import { UndoStack } from '../undo-stack.ts';
import { watchInterruption } from './interruption.ts';
import {
  outcomeExitCodes,
  reportBoard,
  reportMeshEvent,
  reportTeamEvent,
  reportVerdict,
  startProgress,
  statusOf,
} from './team-report.ts';
import { createTeamDashboard } from './team-dashboard.ts';
import { openTerminal } from './terminal.ts';
import { openWitness, type WitnessOptions } from './witness.ts';

export interface TeamCommandOptions extends WitnessOptions {
  readonly live?: boolean;
  readonly task?: string;
  readonly model?: string;
  readonly cwd: string;
  readonly codex?: string;
  readonly minutes?: number;
  /** Opens the dashboard, and stays until it is interrupted. */
  readonly open?: boolean;
  readonly json?: boolean;
}

const defaultTask =
  'Draft a short plan for summarising this repository: run no commands and edit no files. ' +
  'Then hand it on once to docs and once to the reviewer.';

/** How long handlers may go on when the command ends, so that Ctrl-C is over within seconds. */
const closeGraceMs = 300;

/** Where events go: one JSON text a line, or the report for people. */
interface Audience {
  readonly onMeshEvent: (event: MeshEvent) => void;
  readonly onTeamEvent: (event: TeamEvent) => void;
  readonly onResult: (result: TeamResult) => void;
  /** The dashboard is at `url`, and a browser shows it or does not. */
  readonly onDashboard: (url: string, isOpened: boolean) => void;
  readonly close: () => void;
}

function write(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function programAudience(): Audience {
  let finished: TeamEvent | undefined;
  return {
    onMeshEvent: (event) => {
      if (event.type !== 'mesh.closed') write(event);
    },
    onTeamEvent: (event) => {
      if (event.type === 'team.finished') finished = event;
      else write({ ...event, team: true });
    },
    onResult: ({ outcome, reason, board, ...rest }) =>
      write({ ...finished, type: 'team.finished', outcome, reason, board, ...rest }),
    onDashboard: (url) => write({ type: 'dashboard.started', url }),
    close: () => {},
  };
}

function personAudience(isLive: boolean): Audience {
  const progress = startProgress(systemEnv.clock.now());
  const terminal = openTerminal(process.stdout, () => statusOf(progress, systemEnv.clock.now()));
  return {
    onMeshEvent: (event) => {
      if (event.type === 'mesh.started') {
        const model = isLive ? 'your own login and model' : 'a scripted model on loopback';
        terminal.line(`codex ${event.codex ?? 'of unknown version'}, ${model}\n`);
      }
      reportMeshEvent(terminal, progress, event);
    },
    onTeamEvent: (event) => reportTeamEvent(terminal, progress, event),
    onResult: (result) => {
      reportBoard(terminal, result.board);
      reportVerdict(terminal, progress, result);
    },
    onDashboard: (url, isOpened) =>
      terminal.line(`${isOpened ? 'the dashboard is open' : 'open the dashboard'}: ${url}\n`),
    close: () => terminal.close(),
  };
}

/** The environment of Codex: the user's own, or one that knows nothing but the scripted model. */
async function prepareCodex(isLive: boolean, resources: UndoStack) {
  if (isLive) return process.env;
  const model = resources.use(await startScriptedModel(rehearsal));
  const home = resources.use(await scriptedCodexHome(model));
  return { ...process.env, ...home.env };
}

function checkOptions({ live = false, model, minutes }: TeamCommandOptions): void {
  if (model !== undefined && !live) {
    throw new SessionMeshError('option_invalid', {
      expected: '--live with --model',
      found: '--model alone',
      fix: 'add --live, or leave --model out: a rehearsal runs on its scripted model',
    });
  }
  if (minutes !== undefined && !(minutes > 0)) {
    const expected = '--minutes to be a number above zero';
    throw new SessionMeshError('option_invalid', { expected, found: String(minutes) });
  }
}

/**
 * Runs the team and prints what happens. Sets the exit code of the process to that of the outcome.
 * @throws SessionMeshError `option_invalid` for options that do not fit together; what starting a mesh throws
 */
export async function runTeamCommand(options: TeamCommandOptions): Promise<void> {
  const { live = false, minutes } = options;
  checkOptions(options);
  using interruption = watchInterruption();
  await using resources = new UndoStack();
  const audience = options.json ? programAudience() : personAudience(live);
  resources.defer(() => audience.close());
  const witness = resources.use(await openWitness(options, 'team', silentLogger));
  const dashboard = options.open ? resources.use(await createTeamDashboard()) : null;
  const env = await prepareCodex(live, resources);
  const mesh = await startMesh({
    host: appServer({ env, ...(options.codex === undefined ? {} : { command: options.codex }) }),
    signal: interruption.signal,
    onEvent: (event) => {
      audience.onMeshEvent(event);
      witness.onMeshEvent(event);
      dashboard?.onMeshEvent(event);
    },
  });
  witness.begin();
  resources.defer(() => mesh.close({ graceMs: closeGraceMs }));
  if (dashboard) {
    const { url, isOpened } = await dashboard.open(mesh);
    audience.onDashboard(url, isOpened);
  }
  const settings = {
    cwd: options.cwd,
    ...(options.model === undefined ? {} : { model: options.model }),
  };
  const team = createTeam({
    ...softwareTeam(settings),
    mesh,
    onEvent: (event) => {
      audience.onTeamEvent(event);
      witness.onTeamEvent(event);
      dashboard?.onTeamEvent(event);
    },
  });
  const result = await team.run(options.task ?? defaultTask, {
    signal: interruption.signal,
    ...(minutes === undefined ? {} : { budget: { wallMs: minutes * 60_000 } }),
  });
  if (!dashboard) await mesh.close({ graceMs: closeGraceMs });
  audience.onResult(result);
  process.exitCode = outcomeExitCodes[result.outcome];
  if (dashboard) await whenAborted(interruption.signal);
}

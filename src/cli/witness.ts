/** Whoever watches a run besides the person at the terminal: a history file, and Stately's inspector. */
import { rm } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { systemEnv } from '../env.ts';
import { resolveLimits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { MeshEvent } from '../mesh/event.ts';
import type { TeamEvent } from '../team/event.ts';
import { UndoStack } from '../undo-stack.ts';

/** Who watches, as the command line says. */
export interface WitnessOptions {
  /** The file to write a history to; it must not exist. */
  readonly history?: string;
  /** The address of an inspector: `ws://…`. */
  readonly inspect?: string;
}

/** Takes what happens, and hands it on. Close it once everything has happened. */
export interface Witness extends AsyncDisposable {
  readonly onMeshEvent: (event: MeshEvent) => void;
  readonly onTeamEvent: (event: TeamEvent) => void;
  /** Tells that the run has begun. A witness that is closed before leaves nothing behind. */
  readonly begin: () => void;
}

/** Adds the options that name witnesses. */
export function withWitnesses(command: Command): Command {
  return command
    .addOption(new Option('--history <file>', 'write everything that happens to a new file'))
    .addOption(new Option('--inspect <url>', 'show the state charts in an inspector at ws://…'));
}

/**
 * Writes a history. The file of a start that failed is removed: an existing one is never overwritten, so it
 * would be in the way of the next attempt. What happened in a session is kept whatever came of the start.
 */
async function historyWitness(to: string, source: string, logger: Logger): Promise<Witness> {
  const { startHistory } = await import('../history/recording.ts');
  const recording = await startHistory({ to, source, runtime: source, logger });
  let isWorthKeeping = false;
  return {
    onMeshEvent: (event) => {
      isWorthKeeping ||= 'sessionId' in event && event.sessionId !== null;
      recording.onMeshEvent(event);
    },
    onTeamEvent: recording.onTeamEvent,
    begin: () => {
      isWorthKeeping = true;
    },
    [Symbol.asyncDispose]: async () => {
      await recording.close();
      if (!isWorthKeeping) await rm(to, { force: true });
    },
  };
}

async function inspectorWitness(url: string, logger: Logger): Promise<Witness> {
  const { createInspectionSink } = await import('../charts/inspection-sink.ts');
  const sink = createInspectionSink({ url, env: systemEnv, limits: resolveLimits(), logger });
  return {
    onMeshEvent: sink.take,
    onTeamEvent: () => {},
    begin: () => {},
    [Symbol.asyncDispose]: () => sink.close(),
  };
}

/**
 * The witnesses that are asked for, as one; nobody, if none is.
 * @param source names the command in what is written
 * @throws SessionMeshError `history_open_failed`, `option_invalid`
 */
export async function openWitness(
  { history, inspect }: WitnessOptions,
  source: string,
  logger: Logger,
): Promise<Witness> {
  await using opened = new UndoStack();
  const witnesses: Witness[] = [];
  if (history !== undefined) {
    witnesses.push(opened.use(await historyWitness(history, source, logger)));
  }
  if (inspect !== undefined) witnesses.push(opened.use(await inspectorWitness(inspect, logger)));
  const all = opened.move();
  return {
    onMeshEvent: (event) => {
      for (const witness of witnesses) witness.onMeshEvent(event);
    },
    onTeamEvent: (event) => {
      for (const witness of witnesses) witness.onTeamEvent(event);
    },
    begin: () => {
      for (const witness of witnesses) witness.begin();
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

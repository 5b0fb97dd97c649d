/** The options of `sessionmesh soak` that a simulation and a run of real processes have in common. */
import { isPresetName, presets, type FaultPlan } from '../soak/fault-plan.ts';

/** The options as they are read. Times are milliseconds. */
export interface SoakOptions<Topology extends string> {
  readonly topology?: Topology;
  readonly seed?: number;
  readonly sessions?: number;
  readonly calls?: number;
  readonly duration?: number;
  readonly faults?: FaultPlan;
  readonly preset: string;
  readonly ledger?: 'none' | 'sync' | 'async';
  readonly history?: string;
  readonly html?: string;
  readonly json?: boolean;
}

/** What a run is to be like; what is left out is up to the run. */
export function wishesOf<Topology extends string>(options: SoakOptions<Topology>) {
  const { sessions, calls, duration, faults, preset, topology, ledger } = options;
  return {
    faults: faults ?? (isPresetName(preset) ? presets[preset] : presets.default),
    ...(sessions === undefined ? {} : { sessions }),
    ...(calls === undefined ? {} : { calls }),
    ...(duration === undefined ? {} : { durationMs: duration }),
    ...(topology === undefined ? {} : { topology }),
    ...(ledger === undefined ? {} : { ledger }),
  };
}

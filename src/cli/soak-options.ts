/** The options of `sessionmesh soak` that a simulation and a run of real processes have in common. */
import { planOf, type PlanOptions } from './soak-plan.ts';

/** The options as they are read. Times are milliseconds. */
export interface SoakOptions<Topology extends string> extends PlanOptions {
  readonly topology?: Topology;
  readonly seed?: number;
  readonly sessions?: number;
  readonly calls?: number;
  readonly duration?: number;
  readonly ledger?: 'none' | 'sync' | 'async';
  readonly history?: string;
  readonly html?: string;
  readonly json?: boolean;
}

/** What a run is to be like; what is left out is up to the run. */
export function wishesOf<Topology extends string>(options: SoakOptions<Topology>) {
  const { sessions, calls, duration, topology, ledger } = options;
  return {
    faults: planOf(options),
    ...(sessions === undefined ? {} : { sessions }),
    ...(calls === undefined ? {} : { calls }),
    ...(duration === undefined ? {} : { durationMs: duration }),
    ...(topology === undefined ? {} : { topology }),
    ...(ledger === undefined ? {} : { ledger }),
  };
}

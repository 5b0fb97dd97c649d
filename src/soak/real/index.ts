/** Tier 2 of the soak: real processes over real links, through the fault proxy. */
export { runKillLoop, type KillLoopOptions } from './kill-loop.ts';
export {
  isInjected,
  type LinkKind,
  type MemorySample,
  type MemoryTrack,
  type RealOptions,
  type RealPhase,
  type RealProgress,
  type RealResult,
  type RealTopology,
  type Times,
} from './real-options.ts';
export { runReal } from './run-real.ts';

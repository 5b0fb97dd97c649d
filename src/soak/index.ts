/**
 * The public door of the soak: every fault there is, the check that nothing is lost, run twice or crossed,
 * and the report. In a simulation, on real processes, over a person's own links and tools.
 */
export {
  faultKind,
  faultKinds,
  type FaultKind,
  type FaultName,
  type FaultParameter,
  type Tier,
} from './fault.ts';
export {
  formatFaults,
  parseFaults,
  presets,
  type FaultPlan,
  type PresetName,
} from './fault-plan.ts';

export {
  drawScenario,
  topologies,
  type LedgerKind,
  type Scenario,
  type ScenarioWishes,
  type Topology,
} from './sim/scenario.ts';
export {
  simulate,
  type FailureWatch,
  type Finding,
  type SimulationResult,
} from './sim/simulate.ts';
export { shrink } from './sim/shrink.ts';
export {
  hasHeld,
  soakSimulated,
  type SimSoakOptions,
  type SimSoakReport,
  type SoakProgress,
} from './soak.ts';

export {
  runKillLoop,
  runReal,
  type KillLoopOptions,
  type LinkKind,
  type MemorySample,
  type MemoryTrack,
  type RealOptions,
  type RealPhase,
  type RealProgress,
  type RealResult,
  type RealTopology,
  type Times,
} from './real/index.ts';

export {
  startProxy,
  startStdioProxy,
  type FaultProxy,
  type FramingName,
  type ProxyFault,
  type ProxyFrame,
  type ProxyOptions,
  type ProxyStats,
  type StdioProxy,
  type StdioProxyOptions,
  type Toxic,
  type ToxicRequest,
  type ToxicType,
} from './proxy/index.ts';

export type {
  History,
  HistoryEvent,
  HistoryHeader,
  HistoryRecord,
  WorldEvent,
} from '../history/record.ts';
export { check, createChecker, type Checker } from './check/checker.ts';
export type { CheckOptions } from './check/run-facts.ts';
export type {
  FaultCount,
  Invariant,
  InvariantResult,
  Spread,
  Verdict,
  ViolatedCall,
  Violation,
} from './check/verdict.ts';
export type { CheckWatcher } from './check/watcher.ts';

export type {
  Report,
  ReportFault,
  ReportGauge,
  ReportPhase,
  ReportStretch,
} from './report/report.ts';
export { createReporter, type Reporter } from './report/reporter.ts';
export { renderPage } from './report/page.ts';
export { renderTable, type Paint, type Reported } from './report/table.ts';

export {
  soakTools,
  type SoakedTool,
  type ToolRun,
  type ToolsSoakOptions,
} from './tools/soak-tools.ts';
export {
  findingsOf as toolFindingsOf,
  type Finding as ToolFinding,
  type FindingKind as ToolFindingKind,
} from './tools/finding.ts';
export type { Observation } from './tools/probe.ts';
export type { FaultCounts } from './tools/turmoil.ts';

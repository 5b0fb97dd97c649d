/**
 * What tests of tools, meshes and teams are made of: time that stands still, a host without Codex, and a
 * scripted model for the real one. None of it needs an account or the network.
 */
export {
  simulatedHost,
  type SimulatedHostControls,
  type SimulatedHostFactory,
  type SimulatedHostOptions,
} from '../hosts/simulated/host.ts';
export type {
  Script,
  ScriptCall,
  ScriptReply,
  ScriptResult,
  ScriptStep,
} from '../hosts/simulated/script.ts';
export {
  scriptedCodexHome,
  type ScriptedCodexHome,
  type ScriptedCodexHomeOptions,
} from './scripted-codex-home.ts';
export {
  startScriptedModel,
  type ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedModelRequest,
} from './scripted-model.ts';
export type { TomlTable, TomlValue } from './toml.ts';
export {
  virtualClock,
  virtualEnv,
  type VirtualClock,
  type VirtualClockOptions,
  type VirtualEnv,
  type VirtualEnvOptions,
} from './virtual-clock.ts';

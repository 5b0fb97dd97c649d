/** What `sessionmesh soak` does of its several things, and which options belong to each. */
import { SessionMeshError } from '../errors.ts';

/** Simulations, a run on real processes, nothing but kill -9 there, or a person's own tools. */
export type SoakMode = 'sim' | 'real' | 'kills' | 'tools';

/** How each mode is asked for. */
const modeTexts: Readonly<Record<SoakMode, string>> = {
  sim: 'simulations (--tier sim)',
  real: 'real processes (--tier real)',
  kills: '--tier real --kills',
  tools: 'your own tools (soak MODULE)',
};

const runs: readonly SoakMode[] = ['sim', 'real', 'kills'];

/** The modes that each option has a meaning in; an option that is not named has one in all of them. */
const optionModes: Readonly<Record<string, readonly SoakMode[]>> = {
  tier: runs,
  preset: ['sim', 'real'],
  faults: ['sim', 'real'],
  seeds: ['sim'],
  sessions: runs,
  calls: ['sim', 'real', 'tools'],
  duration: ['sim', 'real', 'tools'],
  topology: ['sim', 'real'],
  ledger: runs,
  codex: ['real', 'kills'],
  kills: ['kills'],
  history: runs,
  html: runs,
  regressions: ['sim'],
  timeout: ['tools'],
  only: ['tools'],
  arguments: ['tools'],
  approve: ['tools'],
};

/** What a command line asks for. */
export function soakModeOf(
  module: string | undefined,
  { tier, kills }: { readonly tier: 'sim' | 'real'; readonly kills?: number },
): SoakMode {
  if (module !== undefined) return 'tools';
  if (tier === 'sim') return 'sim';
  return kills === undefined ? 'real' : 'kills';
}

/**
 * Refuses options that the mode does not know: a run without what was asked for would prove something else.
 * @param given the options that the command line names
 * @throws SessionMeshError `option_invalid`
 */
export function checkOptions(mode: SoakMode, given: readonly string[]): void {
  for (const name of given) {
    const modes = optionModes[name];
    if (!modes || modes.includes(mode)) continue;
    throw new SessionMeshError('option_invalid', {
      expected: `--${name} only for ${modes.map((one) => modeTexts[one]).join(' or ')}`,
      found: `--${name} for ${modeTexts[mode]}`,
      fix: `leave --${name} out, or ask for what it belongs to`,
    });
  }
  if (given.includes('preset') && given.includes('faults')) {
    throw new SessionMeshError('option_invalid', {
      expected: 'one plan of faults',
      found: '--preset and --faults',
      fix: 'leave one of them out',
    });
  }
}

/** Which faults a run injects, and how much of each: as text, and the presets. */
import { SessionMeshError } from '../errors.ts';
import { faultKind, faultKinds, isFaultName, type FaultName } from './fault.ts';

/** How much of each fault: a probability in [0, 1], or milliseconds; see `FaultKind.parameter`. */
export type FaultPlan = { readonly [Name in FaultName]?: number };

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

function invalid(expected: string, found: string): SessionMeshError {
  return new SessionMeshError('option_invalid', { expected, found });
}

/**
 * Reads a duration such as `250ms`, `30s`, `5m` or `1h`; a bare number is milliseconds.
 * @throws SessionMeshError `option_invalid`
 */
export function parseDuration(text: string): number {
  const [, number = '', unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (durationUnits[unit] ?? NaN);
  if (number === '' || !(ms > 0)) throw invalid('a duration such as 250ms, 30s, 5m or 1h', text);
  return ms;
}

function parseAmount(name: FaultName, text: string): number {
  if (faultKind(name).parameter !== 'probability') return parseDuration(text);
  const probability = Number(text);
  if (text.trim() !== '' && probability >= 0 && probability <= 1) return probability;
  throw invalid(`a probability between 0 and 1 for ${name}`, text);
}

/**
 * Reads `drop=0.05,duplicate=0.02,restart=30s`.
 * @throws SessionMeshError `option_invalid` for an unknown fault or an amount that does not fit it.
 */
export function parseFaults(text: string): FaultPlan {
  const plan: { [Name in FaultName]?: number } = {};
  for (const part of text.split(',').filter((word) => word.trim() !== '')) {
    const [name = '', amount = ''] = part.split('=').map((word) => word.trim());
    if (!isFaultName(name)) {
      throw invalid(`one of ${faultKinds.map((kind) => kind.name).join(', ')}`, name);
    }
    plan[name] = parseAmount(name, amount);
  }
  return plan;
}

/** The faults of a plan, with their amounts, in the order of the table. */
export function plannedFaults(plan: FaultPlan): readonly (readonly [FaultName, number])[] {
  return faultKinds.flatMap(({ name }) => {
    const amount = plan[name];
    return amount === undefined || amount === 0 ? [] : [[name, amount] as const];
  });
}

/** A plan as text that {@link parseFaults} reads. */
export function formatFaults(plan: FaultPlan): string {
  return plannedFaults(plan)
    .map(([name, amount]) =>
      faultKind(name).parameter === 'probability' ? `${name}=${amount}` : `${name}=${amount}ms`,
    )
    .join(',');
}

const usual: FaultPlan = {
  drop: 0.05,
  'lose-reply': 0.05,
  delay: 2_000,
  duplicate: 0.03,
  reorder: 0.03,
  truncate: 0.002,
  cut: 20_000,
  'half-open': 60_000,
  'slow-reader': 40_000,
  burst: 0.03,
  overload: 0.03,
  restart: 40_000,
  'slow-start': 3_000,
  crash: 40_000,
  'crash-point': 0.004,
  'split-brain': 60_000,
  'clock-jump': 30_000,
  suspend: 60_000,
  'disk-fail': 60_000,
  'disk-slow': 200,
  'power-loss': 60_000,
  garbage: 0.01,
  token: 60_000,
  'handler-throw': 0.05,
  'handler-hang': 0.03,
  poison: 0.1,
  drain: 15_000,
  refuse: 0.1,
  interrupt: 20_000,
  stranger: 0.04,
  churn: 30_000,
  herd: 60_000,
  stop: 60_000,
  stall: 30_000,
  reuse: 0.05,
  hog: 20_000,
};

/** Plans that have a name. `default` is a little of everything; a simulation draws some of it for each seed. */
export const presets = {
  default: usual,
  mild: {
    drop: 0.01,
    'lose-reply': 0.01,
    delay: 200,
    duplicate: 0.01,
    cut: 30_000,
    'handler-throw': 0.02,
    drain: 20_000,
    refuse: 0.02,
  },
  harsh: {
    ...usual,
    drop: 0.2,
    'lose-reply': 0.2,
    delay: 5_000,
    duplicate: 0.1,
    reorder: 0.1,
    truncate: 0.01,
    cut: 6_000,
    'half-open': 25_000,
    burst: 0.1,
    overload: 0.1,
    restart: 15_000,
    crash: 15_000,
    'crash-point': 0.02,
    refuse: 0.3,
    interrupt: 8_000,
    herd: 20_000,
  },
  'restart-storm': {
    restart: 5_000,
    'slow-start': 2_000,
    crash: 8_000,
    cut: 5_000,
    stop: 15_000,
    delay: 500,
    'lose-reply': 0.05,
    duplicate: 0.05,
  },
  'slow-disk': {
    'disk-slow': 3_000,
    'disk-fail': 10_000,
    crash: 12_000,
    'crash-point': 0.03,
    'power-loss': 15_000,
    stop: 30_000,
    cut: 20_000,
    delay: 200,
  },
  'split-brain': {
    'split-brain': 12_000,
    suspend: 30_000,
    cut: 15_000,
    'lose-reply': 0.05,
    refuse: 0.05,
    delay: 500,
    duplicate: 0.03,
    'clock-jump': 20_000,
  },
  'noisy-neighbour': {
    hog: 8_000,
    'handler-hang': 0.05,
    'handler-throw': 0.05,
    burst: 0.05,
    stranger: 0.05,
    interrupt: 15_000,
    churn: 30_000,
    drain: 10_000,
    delay: 100,
  },
} as const satisfies Readonly<Record<string, FaultPlan>>;

/** The name of a preset. */
export type PresetName = keyof typeof presets;

/** Whether there is a preset of this name. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

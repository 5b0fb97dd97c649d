/** The plan of faults that a run of the soak gets: what was asked for has to be possible in it. */
import { SessionMeshError } from '../errors.ts';
import { isPresetName, plannedFaults, presets, type FaultPlan } from '../soak/fault-plan.ts';
import { faultKinds, type FaultName } from '../soak/fault.ts';

/** Where faults are to happen. */
export interface FaultPlace {
  /** As a person asks for it. */
  readonly name: string;
  /** Whether the fault can happen there at all. */
  canHappen(fault: FaultName): boolean;
}

/** How a plan is named: fault by fault, or else by a preset. */
export interface PlanOptions {
  readonly faults?: FaultPlan;
  readonly preset: string;
}

/** The plan that the options name. */
export function planOf({ faults, preset }: PlanOptions): FaultPlan {
  return faults ?? (isPresetName(preset) ? presets[preset] : presets.default);
}

/**
 * Refuses a run that could not show what it is asked for: each fault that is named has to be possible, and
 * of a preset, which is made for all kinds of runs, at least one.
 * @throws SessionMeshError `option_invalid`
 */
export function checkPlan(options: PlanOptions, place: FaultPlace): void {
  const planned = plannedFaults(planOf(options)).map(([name]) => name);
  const impossible = planned.filter((name) => !place.canHappen(name));
  const isNamed = options.faults !== undefined;
  if (impossible.length === 0 || (!isNamed && impossible.length < planned.length)) return;
  const known = faultKinds.map(({ name }) => name).filter((name) => place.canHappen(name));
  const plan = isNamed ? `--faults ${impossible.join(', ')}` : `--preset ${options.preset}`;
  throw new SessionMeshError('option_invalid', {
    expected: `faults that can happen with ${place.name}: ${known.join(', ')}`,
    found: plan,
    fix: 'leave out what cannot happen, or choose another tier or topology; docs/soak.md has the tiers',
  });
}

/** A state chart, painted from the coordinates that the service laid out. */
import { activeStates, parseStateValue } from '../../../src/charts/active-states.ts';
import type {
  Box,
  DrawnArrow,
  Drawing,
  DrawnStart,
  DrawnState,
  DrawnTransition,
  Point,
} from '../../../src/charts/drawing.ts';
import { hasSign, lineText, signWidth } from '../../../src/charts/layout/metrics.ts';
import {
  baseline,
  footOf,
  linePaths,
  signPath,
  stateClasses,
} from '../../../src/charts/painting.ts';

function Line({ points }: { points: readonly Point[] }) {
  const paths = linePaths(points);
  if (!paths) return null;
  return (
    <>
      <path class="line" d={paths.line} pathLength={1} />
      <path class="tip" d={paths.tip} />
    </>
  );
}

function Rectangle({ name, box, radius }: { name: string; box: Box; radius: number }) {
  const { x, y, width, height } = box;
  return (
    <rect class={name} x={x + 0.5} y={y + 0.5} width={width - 1} height={height - 1} rx={radius} />
  );
}

function TransitionLine({ drawn }: { drawn: DrawnTransition }) {
  const { transition, box } = drawn;
  const { event, guard, actions } = lineText(transition);
  const isSigned = hasSign(transition);
  return (
    <g class={transition.delay === null ? 'transition' : 'transition deadline'}>
      {isSigned && <path class="sign" d={signPath(drawn)} />}
      <text x={box.x + (isSigned ? signWidth : 0)} y={box.y + baseline.line} xml:space="preserve">
        <tspan class="event">{event}</tspan>
        {guard !== '' && <tspan class="guard">{guard}</tspan>}
        {actions !== '' && <tspan class="action">{actions}</tspan>}
      </text>
    </g>
  );
}

function StateBox({
  state,
  isActive,
  isNew,
}: {
  state: DrawnState;
  isActive: boolean;
  isNew: boolean;
}) {
  const { kind, nameBox, x, y, width, height } = state;
  const isNested = kind === 'compound' || kind === 'parallel';
  const classes = [...stateClasses(state, isActive), ...(isNew ? ['entered'] : [])];
  return (
    <g class={classes.join(' ')} data-state={state.id}>
      <Rectangle name={isNested ? 'frame' : 'box'} box={state} radius={isNested ? 10 : 7} />
      {kind === 'final' && (
        <Rectangle
          name="inset"
          box={{ x: x + 3, y: y + 3, width: width - 6, height: height - 6 }}
          radius={4}
        />
      )}
      <text class="name" x={nameBox.x} y={nameBox.y + baseline.name}>
        {state.name}
      </text>
      {state.inner.map((drawn) => (
        <TransitionLine key={drawn.index} drawn={drawn} />
      ))}
    </g>
  );
}

function StartDot({ start: { dot, points } }: { start: DrawnStart }) {
  const radius = dot.width / 2;
  return (
    <g class="start">
      <circle class="dot" cx={dot.x + radius + 0.5} cy={dot.y + radius + 0.5} r={radius} />
      <Line points={points} />
    </g>
  );
}

interface ArrowProps {
  arrow: DrawnArrow;
  foot: Point | null;
  taken: number | null;
}

function Arrow({ arrow, foot, taken }: ArrowProps) {
  return (
    <g class={taken === null ? 'arrow' : 'arrow taken'}>
      {foot && <circle class="dot" cx={foot.x + 0.5} cy={foot.y + 0.5} r={3} />}
      {/* A new key each time: the animation begins again. */}
      <Line key={taken ?? 'idle'} points={arrow.points} />
    </g>
  );
}

/** A move of a machine from one state value to another. */
export interface Move {
  readonly from: unknown;
  readonly to: unknown;
  /** Tells moves apart. */
  readonly id: number;
}

function idsOf(value: unknown): readonly string[] {
  const parsed = parseStateValue(value);
  return parsed === undefined || parsed === null ? [] : activeStates(parsed);
}

/** The arrows that a move has taken: they leave what was left, or a state around it, for what was entered. */
function arrowsTaken({ arrows }: Drawing, { from, to }: Move): ReadonlySet<DrawnArrow> {
  const before = idsOf(from);
  const after = idsOf(to);
  const left = before.filter((id) => !after.includes(id));
  const entered = after.filter((id) => !before.includes(id));
  const taken = new Set<DrawnArrow>();
  const tops = entered.filter((id) => !entered.some((other) => id.startsWith(`${other}.`)));
  for (const target of [...tops, ...entered.filter((id) => !tops.includes(id))]) {
    const arriving = arrows.filter((arrow) => arrow.to === target);
    const direct = arriving.find((arrow) => left.includes(arrow.from));
    const around = arriving.find(
      (arrow) => before.includes(arrow.from) || target.startsWith(`${arrow.from}.`),
    );
    const found = direct ?? around;
    if (found) taken.add(found);
  }
  return taken;
}

/** What a chart shows. */
export interface ChartProps {
  readonly drawing: Drawing;
  /** The machine's state value. */
  readonly state: unknown;
  readonly move?: Move | null;
  /** What the chart is of, for those who do not see it. */
  readonly title: string;
  /** Shows this state and what is in it only; the whole chart where it is left out. */
  readonly within?: string | null;
}

/** Text below this share of its size is not read any more: then the chart is scrolled instead. */
const scaleMin = 0.87;
const marginPx = 6;

/** The chart. */
export function ChartPicture({ drawing, state, move = null, title, within = null }: ChartProps) {
  const { states, arrows, starts } = drawing;
  const frame = states.find(({ id }) => id === within);
  const whole = { x: 0, y: 0, width: drawing.width, height: drawing.height };
  const { x, y, width, height } = frame ?? whole;
  const [left, top] = [x - marginPx, y - marginPx];
  const [across, down] = [width + marginPx * 2, height + marginPx * 2];
  const active = idsOf(state);
  const lit = new Set(active);
  const taken = move ? arrowsTaken(drawing, move) : new Set<DrawnArrow>();
  const entered = new Set(move ? active.filter((id) => !idsOf(move.from).includes(id)) : []);
  const leaves = active.filter((id) => !active.some((other) => other.startsWith(`${id}.`)));
  return (
    <svg
      class="chart"
      viewBox={`${left} ${top} ${across} ${down}`}
      style={{ maxWidth: `${across}px`, minWidth: `${Math.round(across * scaleMin)}px` }}
      role="img"
      aria-label={`${title}. Active: ${leaves.join(', ') || 'nothing'}.`}
    >
      {states.map((one) => (
        <StateBox
          key={`${one.id} ${entered.has(one.id) ? (move?.id ?? '') : ''}`}
          state={one}
          isActive={lit.has(one.id)}
          isNew={entered.has(one.id)}
        />
      ))}
      {starts.map((start) => (
        <StartDot key={start.in} start={start} />
      ))}
      {arrows.map((arrow) => (
        <Arrow
          key={`${arrow.from} ${arrow.to}`}
          arrow={arrow}
          foot={footOf(arrow, drawing.id)}
          taken={taken.has(arrow) && move ? move.id : null}
        />
      ))}
      {arrows.map((arrow) => (
        <g key={`${arrow.from} ${arrow.to}`} class={taken.has(arrow) ? 'arrow taken' : 'arrow'}>
          <Rectangle name="label" box={arrow.label} radius={3} />
          {arrow.lines.map((drawn) => (
            <TransitionLine key={drawn.index} drawn={drawn} />
          ))}
        </g>
      ))}
    </svg>
  );
}

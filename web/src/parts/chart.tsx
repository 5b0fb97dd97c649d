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

/** From the top of a line of text to its baseline. */
const baseline = { name: 14, line: 11 };
const cornerPx = 5;
const tip = { lengthPx: 7, halfWidthPx: 3.5 };

function towards(from: Point, to: Point, distance: number): Point {
  const step = (a: number, b: number) => a + Math.sign(b - a) * distance;
  return { x: step(from.x, to.x), y: step(from.y, to.y) };
}

const half = ({ x, y }: Point) => `${x + 0.5} ${y + 0.5}`;
const distance = (a: Point, b: Point) => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

function corner(before: Point, at: Point, after: Point): string {
  const radius = Math.min(cornerPx, distance(before, at) / 2, distance(at, after) / 2);
  return `L${half(towards(at, before, radius))}Q${half(at)} ${half(towards(at, after, radius))}`;
}

function pathOf(points: readonly Point[]): string {
  const [first] = points;
  if (!first) return '';
  const steps = points.slice(1).map((point, index) => {
    const before = points[index] ?? point;
    const after = points[index + 2];
    return after ? corner(before, point, after) : `L${half(point)}`;
  });
  return `M${half(first)}${steps.join('')}`;
}

/** The line ends where its tip begins, so that the tip stays sharp. */
function Line({ points }: { points: readonly Point[] }) {
  const end = points.at(-1);
  const before = points.at(-2);
  if (!end || !before) return null;
  const base = towards(end, before, tip.lengthPx);
  const isVertical = before.x === end.x;
  const side = (sign: number): Point => ({
    x: base.x + (isVertical ? sign * tip.halfWidthPx : 0),
    y: base.y + (isVertical ? 0 : sign * tip.halfWidthPx),
  });
  return (
    <>
      <path class="line" d={pathOf([...points.slice(0, -1), base])} pathLength={1} />
      <path class="tip" d={`M${half(end)}L${half(side(1))}L${half(side(-1))}Z`} />
    </>
  );
}

function Rectangle({ name, box, radius }: { name: string; box: Box; radius: number }) {
  const { x, y, width, height } = box;
  return (
    <rect class={name} x={x + 0.5} y={y + 0.5} width={width - 1} height={height - 1} rx={radius} />
  );
}

/** A clock for a deadline, a loop for what stays in its state. */
function Sign({ drawn: { transition, box } }: { drawn: DrawnTransition }) {
  const { x, y } = { x: box.x + 5, y: box.y + 7.5 };
  const d =
    transition.delay === null
      ? `M${x + 3} ${y - 1.5}a3.5 3.5 0 1 0 .3 2.6M${x + 3.4} ${y - 4}v2.7h-2.7`
      : `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M${x} ${y - 2.2}v2.2l1.6 1.2`;
  return <path class="sign" d={d} />;
}

function TransitionLine({ drawn }: { drawn: DrawnTransition }) {
  const { transition, box } = drawn;
  const { event, guard, actions } = lineText(transition);
  const isSigned = hasSign(transition);
  return (
    <g class={transition.delay === null ? 'transition' : 'transition deadline'}>
      {isSigned && <Sign drawn={drawn} />}
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
  const { kind, region, parent, nameBox, x, y, width, height } = state;
  const isNested = kind === 'compound' || kind === 'parallel';
  const classes = ['state', kind];
  if (parent === null) classes.push('machine');
  if (region) classes.push('region');
  if (isActive) classes.push('active');
  if (isNew) classes.push('entered');
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

function Arrow({ arrow, taken }: { arrow: DrawnArrow; taken: number | null }) {
  const [first] = arrow.points;
  const isFooted = arrow.to.startsWith(`${arrow.from}.`);
  return (
    <g class={taken === null ? 'arrow' : 'arrow taken'}>
      {isFooted && first && <circle class="dot" cx={first.x + 0.5} cy={first.y + 0.5} r={3} />}
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

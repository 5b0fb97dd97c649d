/** The members of a team and what they hand each other. */
import type { TeamView } from '../../../src/service/inspection/frame.ts';
import { hrefOf } from '../model/route.ts';

const width = 380;
const height = 236;
const nodeWidth = 104;
const nodeHeight = 40;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Around an ellipse, the first member on top. */
function placesOf(names: readonly string[]): ReadonlyMap<string, Place> {
  const step = (Math.PI * 2) / Math.max(1, names.length);
  return new Map(
    names.map((name, index) => [
      name,
      {
        x: width / 2 + Math.sin(index * step) * (width / 2 - nodeWidth / 2 - 8),
        y: height / 2 - Math.cos(index * step) * (height / 2 - nodeHeight / 2 - 8),
      },
    ]),
  );
}

interface Flow {
  readonly from: string;
  readonly to: string;
  done: number;
  open: number;
  failed: number;
}

function flowsOf({ tasks }: TeamView): readonly Flow[] {
  const flows = new Map<string, Flow>();
  for (const { sender, owner, state } of tasks) {
    const key = `${sender} ${owner}`;
    const flow = flows.get(key) ?? { from: sender, to: owner, done: 0, open: 0, failed: 0 };
    if (state === 'done') flow.done += 1;
    else if (state === 'failed') flow.failed += 1;
    else flow.open += 1;
    flows.set(key, flow);
  }
  return [...flows.values()].filter(({ from, to }) => from !== 'system' && from !== to);
}

/** A curve that leaves room for the one that goes the other way. */
function curve(from: Place, to: Place): { readonly d: string; readonly middle: Place } {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  const bend = 16;
  const middle = {
    x: (from.x + to.x) / 2 - (dy / length) * bend,
    y: (from.y + to.y) / 2 + (dx / length) * bend,
  };
  return { d: `M${from.x} ${from.y}Q${middle.x} ${middle.y} ${to.x} ${to.y}`, middle };
}

/** A tip on the curve, where it has left its label and not yet reached the member. */
function tipOf(from: Place, middle: Place, to: Place): string {
  const share = 0.68;
  const rest = 1 - share;
  const at = (a: number, b: number, c: number) =>
    rest * rest * a + 2 * rest * share * b + share * share * c;
  const x = at(from.x, middle.x, to.x);
  const y = at(from.y, middle.y, to.y);
  const dx = rest * (middle.x - from.x) + share * (to.x - middle.x);
  const dy = rest * (middle.y - from.y) + share * (to.y - middle.y);
  const degrees = (Math.atan2(dy, dx) * 180) / Math.PI;
  return `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${degrees.toFixed(1)})`;
}

function FlowLine({ flow, places }: { flow: Flow; places: ReadonlyMap<string, Place> }) {
  const from = places.get(flow.from);
  const to = places.get(flow.to);
  if (!from || !to) return null;
  const { d, middle } = curve(from, to);
  const { done, open, failed } = flow;
  return (
    <g class="flow" data-open={open > 0} data-failed={failed > 0}>
      <path d={d} />
      <path class="flow-tip" d="M5 0L-4 4.5L-4 -4.5Z" transform={tipOf(from, middle, to)} />
      <text x={(middle.x + (from.x + to.x) / 2) / 2} y={(middle.y + (from.y + to.y) / 2) / 2 + 4}>
        {done + open + failed}
      </text>
    </g>
  );
}

const topState = (state: string) => state.split('.')[0] ?? state;

/** The graph. */
export function HandOffGraph({ team }: { team: TeamView }) {
  const { members, tasks } = team;
  const names = members.map(({ name }) => name);
  const places = placesOf(names);
  const flows = flowsOf(team);
  const words = flows.map(
    ({ from, to, done, open, failed }) => `${from} to ${to}: ${done + open + failed}`,
  );
  return (
    <section class="graph" aria-label="Hand-offs">
      <h2>Hand-offs</h2>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Hand-offs. ${words.join('; ') || 'None yet'}.`}
      >
        {flows.map((flow) => (
          <FlowLine key={`${flow.from} ${flow.to}`} flow={flow} places={places} />
        ))}
        {members.map(({ name, state, turns }) => {
          const place = places.get(name);
          const open = tasks.filter(
            (task) => task.owner === name && (task.state === 'queued' || task.state === 'claimed'),
          );
          return (
            place && (
              <g
                key={name}
                class="member"
                data-member-state={topState(state)}
                transform={`translate(${place.x - nodeWidth / 2} ${place.y - nodeHeight / 2})`}
              >
                <rect width={nodeWidth} height={nodeHeight} rx="6" />
                <text x="10" y="17" class="member-name">
                  {name}
                </text>
                <text x="10" y="31" class="member-state">
                  {topState(state)} · {turns} {turns === 1 ? 'turn' : 'turns'}
                </text>
                {open.length > 0 && (
                  <>
                    <circle cx={nodeWidth - 2} cy="2" r="9" class="member-open" />
                    <text x={nodeWidth - 2} y="6" class="member-count">
                      {open.length}
                    </text>
                  </>
                )}
              </g>
            )
          );
        })}
      </svg>
      <ul class="graph-links">
        {members.map(({ name, sessionId }) => (
          <li key={name}>
            {sessionId ? <a href={hrefOf({ view: 'session', sessionId })}>{name}</a> : name}
          </li>
        ))}
      </ul>
    </section>
  );
}

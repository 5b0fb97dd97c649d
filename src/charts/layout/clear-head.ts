/** Keeps the texts at the top of a state clear of the arrows that lead to the states inside it. */
import type { Box, DrawnState, Point } from '../drawing.ts';
import { statePadding } from './metrics.ts';

/** Between a text and an arrow that runs beside it. */
const headClearance = 8;

/** The texts at the top of a state, as one box. */
function headOf({ nameBox, inner }: DrawnState): Box {
  const width = Math.max(nameBox.width, ...inner.map(({ box }) => box.width));
  const last = inner.at(-1)?.box ?? nameBox;
  return { ...nameBox, width, height: last.y + last.height - nameBox.y };
}

/** Where lines come down through a head, from left to right. */
function columnsThrough(head: Box, lines: readonly (readonly Point[])[]): number[] {
  const columns = lines.flatMap((points) =>
    points.slice(1).flatMap((to, index) => {
      const from = points[index] ?? to;
      const isThrough =
        Math.min(from.y, to.y) < head.y + head.height && Math.max(from.y, to.y) > head.y;
      return isThrough ? [from.x, to.x] : [];
    }),
  );
  return columns.toSorted((a, b) => a - b);
}

/**
 * Moves the texts of a state that has others inside it, so that no arrow runs through them. Null where
 * there is no clear place.
 */
export function withClearHead(
  state: DrawnState,
  lines: readonly (readonly Point[])[],
): DrawnState | null {
  if (state.kind === 'atomic' || state.kind === 'final') return state;
  const head = headOf(state);
  const right = state.x + state.width - statePadding.x;
  const columns = columnsThrough(head, lines).filter((x) => x >= state.x && x <= right);
  const isClear = (x: number) =>
    x + head.width <= right &&
    !columns.some(
      (column) => column > x - headClearance && column < x + head.width + headClearance,
    );
  const x = [head.x, ...columns.map((column) => column + headClearance)].find(isClear);
  if (x === undefined) return null;
  const shifted = <Placed extends Box>(box: Placed) => ({ ...box, x: box.x + x - head.x });
  return {
    ...state,
    nameBox: shifted(state.nameBox),
    inner: state.inner.map((line) => ({ ...line, box: shifted(line.box) })),
  };
}

/** What the tests of layouts measure. */
import type { Box, Point } from '../../src/charts/drawing.ts';

export function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/** Whether two boxes share an area; touching is not overlapping. */
export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** The straight parts of a line, as boxes without an area. */
export function partsOf(points: readonly Point[]): Box[] {
  return points.slice(1).map((point, index) => {
    const before = points[index]!;
    const [x, y] = [Math.min(before.x, point.x), Math.min(before.y, point.y)];
    return { x, y, width: Math.abs(before.x - point.x), height: Math.abs(before.y - point.y) };
  });
}

/** Whether a line goes through the inside of a box. */
export function crosses(points: readonly Point[], box: Box): boolean {
  const inner = { x: box.x + 1, y: box.y + 1, width: box.width - 2, height: box.height - 2 };
  return partsOf(points).some(
    ({ x, y, width, height }) =>
      x <= inner.x + inner.width &&
      x + width >= inner.x &&
      y <= inner.y + inner.height &&
      y + height >= inner.y,
  );
}

/** Whether a point is on the border of a box. */
export function isOnBorder({ x, y }: Point, box: Box): boolean {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const across = x >= box.x && x <= right;
  const along = y >= box.y && y <= bottom;
  return (across && (y === box.y || y === bottom)) || (along && (x === box.x || x === right));
}

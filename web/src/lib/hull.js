// The convex hull of a few points on the screen, anticlockwise, and its outline at a distance: how a cluster is drawn.
export function hull(points) {
  const sorted = [...points].sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  if (sorted.length < 3) return sorted;
  const turn = (o, p, q) => (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
  const half = (from) => {
    const out = [];
    for (const point of from) {
      while (out.length > 1 && turn(out.at(-2), out.at(-1), point) <= 0) out.pop();
      out.push(point);
    }
    return out.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

export function outline(context, points, distance) {
  const corners = hull(points);
  context.beginPath();
  corners.forEach(([x, y], i) => {
    const [fromX, fromY] = corners.at(i - 1);
    const [toX, toY] = corners[(i + 1) % corners.length];
    const before = Math.atan2(y - fromY, x - fromX) - Math.PI / 2;
    const after = Math.atan2(toY - y, toX - x) - Math.PI / 2;
    context.arc(x, y, distance, corners.length === 1 ? 0 : before, corners.length === 1 ? 2 * Math.PI : after);
  });
  context.closePath();
}

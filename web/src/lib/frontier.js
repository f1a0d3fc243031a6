// Cost against effect: each policy a mark with its range over runs; the frontier joins those that none beats for the money.
import { spread } from "./spread.js";
import { COLOUR, INK, LINE, MARK, MUTED, TEXT, rem } from "./look.js";

const ticked = (axis, size, gap) => {
  const at = axis.ticks.map((tick) => tick.at);
  const text = new Map(axis.ticks.map((tick) => [tick.at, tick.text]));
  return {
    type: "value", min: axis.min, max: axis.max, name: axis.label, nameLocation: "middle", nameGap: gap, nameTextStyle: { color: INK, fontSize: size, fontFamily: "Inter" },
    axisLine: { show: false }, axisTick: { show: false, customValues: at },
    axisLabel: { customValues: at, formatter: (value) => text.get(value) ?? "", color: MUTED, fontSize: size, fontFamily: "Inter" },
    splitLine: { customValues: at, lineStyle: { color: LINE } },
  };
};

const whiskers = (points) => ({
  type: "custom", silent: true, z: 1, data: points.map((_, i) => i),
  renderItem: (params, api) => {
    const { x, low, high, id } = points[params.dataIndex];
    const [left, bottom] = api.coord([x, low]);
    const [, top] = api.coord([x, high]);
    return { type: "line", shape: { x1: left, x2: left, y1: bottom, y2: top }, style: { stroke: COLOUR[id] ?? "#8c98a4", lineWidth: 4, opacity: 0.35 } };
  },
});

// Names stand in a column of their own, right of all marks, moved apart, each with a line to its mark.
const names = (points, size) => ({
  type: "custom", silent: true, z: 0, data: [0],
  renderItem: ({ coordSys }, api) => {
    const at = points.map((point) => api.coord([point.x, point.y]));
    const column = coordSys.x + coordSys.width + 0.9 * size;
    const near = at.map(([, y]) => 0.5 * size * Math.round(y / (0.5 * size))); // of one height, the cheaper above: their lines do not cross
    const heights = spread(near, 1.15 * size, coordSys.y, coordSys.y + coordSys.height);
    const children = points.flatMap((point, i) => [
      { type: "polyline", shape: { points: [at[i], [column - 0.9 * size, heights[i]], [column - 4, heights[i]]] }, style: { stroke: "#b4bdc5", lineWidth: 1, fill: null } },
      {
        type: "text",
        style: {
          x: column, y: heights[i], text: point.label, verticalAlign: "middle",
          fill: TEXT[point.id] ?? (point.frontier ? INK : MUTED), fontWeight: MARK[point.id] ? 700 : 450, fontSize: size, fontFamily: "Inter",
        },
      },
    ]);
    return { type: "group", children };
  },
});

export function frontier({ x, y, points }) {
  const size = Math.max(16, 0.89 * rem());
  const longest = Math.max(...points.map((point) => point.label.length + (MARK[point.id] ? 2 : 0)));
  const best = points.filter((point) => point.frontier).sort((a, b) => a.x - b.x);
  return {
    animation: false, textStyle: { fontFamily: "Inter" },
    grid: { left: 2.2 * size, right: (0.53 * longest + 1.5) * size, top: size, bottom: 2.4 * size, containLabel: true },
    xAxis: ticked(x, size, 2 * size), yAxis: ticked(y, size, 3.4 * size),
    series: [
      { type: "line", silent: true, z: 0, data: best.map((point) => [point.x, point.y]), symbol: "none", lineStyle: { color: "#8c98a4", type: [3, 4], width: 2 } },
      whiskers(points),
      {
        type: "scatter", silent: true, z: 3,
        data: points.map((point) => ({
          value: [point.x, point.y], symbol: MARK[point.id] ?? "circle", symbolSize: MARK[point.id] ? 17 : 11,
          itemStyle: { color: COLOUR[point.id] ?? (point.frontier ? MUTED : "#fff"), borderColor: COLOUR[point.id] ?? MUTED, borderWidth: 2 },
        })),
      },
      names([...points].sort((a, b) => a.x - b.x), size),
    ],
  };
}

// A fan chart: for each policy a band over runs and its middle, with dash, marker and label of its own. Bands are part of the
// chart and have no switch.
import { spread } from "./spread.js";
import { COLOUR, DASH, INK, LINE, MARK, MUTED, TEXT, rem } from "./look.js";

const band = (years, low, high, colour) => ({
  type: "custom", silent: true, z: 1, data: [0], animation: false,
  renderItem: (_, api) => {
    const there = years.map((_, i) => i).filter((i) => low[i] !== null && high[i] !== null);
    const points = [...there.map((i) => api.coord([years[i], high[i]])), ...there.reverse().map((i) => api.coord([years[i], low[i]]))];
    return { type: "polygon", shape: { points }, style: { fill: colour, opacity: 0.17 } };
  },
});

// A text in two lines, broken near its middle.
const broken = (text) => {
  const words = text.split(" ");
  const half = Math.ceil(words.length / 2);
  return `${words.slice(0, half).join(" ")}\n${words.slice(half).join(" ")}`;
};

const upright = (year, text, size, top) => ({
  type: "custom", silent: true, z: 0, data: [0], animation: false,
  renderItem: (params, api) => {
    const [x] = api.coord([year, top]);
    const { y, height } = params.coordSys;
    const fits = x + 6 + 0.53 * size * text.length < api.getWidth();
    return {
      type: "group",
      children: [
        { type: "line", shape: { x1: x, x2: x, y1: y, y2: y + height }, style: { stroke: "#8c98a4", lineDash: [2, 4], lineWidth: 1.5 } },
        { type: "text", style: { x: x + 6, y: y + 2, text: fits ? text : broken(text), fill: MUTED, fontSize: size, lineHeight: 1.15 * size, fontFamily: "Inter" } },
      ],
    };
  },
});

const line = (policy, years, curve) => ({
  type: "line", silent: true, z: 3, animation: false,
  data: years.map((year, i) => [year, curve.middle[i]]),
  symbol: MARK[policy.id], showAllSymbol: true, symbolSize: ([year]) => (Number.isInteger(year) ? 8 : 0),
  lineStyle: { color: COLOUR[policy.id], type: DASH[policy.id], width: Math.max(3, 0.16 * rem()) }, itemStyle: { color: COLOUR[policy.id] },
});

// What the numbers below count, to the left of them.
const counted = (size) => ({
  type: "custom", silent: true, z: 0, data: [0], animation: false,
  renderItem: ({ coordSys: { x, y, height } }) => ({
    type: "text", style: { x: x - 0.7 * size, y: y + height + 0.6 * size, text: "Year", align: "right", verticalAlign: "top", fill: MUTED, fontSize: size, fontFamily: "Inter" },
  }),
});

// What stands at the end of each line, moved apart where lines end close together.
const endings = (labels, size) => ({
  type: "custom", silent: true, z: 4, data: [0], animation: false,
  renderItem: ({ coordSys }, api) => {
    const at = labels.map(({ x, y }) => api.coord([x, y]));
    const heights = spread(at.map(([, y]) => y), 1.12 * size, coordSys.y, coordSys.y + coordSys.height);
    const children = labels.map(({ text, fill, weight }, i) => ({
      type: "text",
      style: { x: at[i][0] + 10, y: heights[i], text, fill, verticalAlign: "middle", fontSize: size, fontWeight: weight, fontFamily: "Inter" },
    }));
    return { type: "group", children };
  },
});

const guessed = (guess) => ({
  type: "line", silent: true, z: 2, animation: false, data: guess.years.map((year, i) => [year, guess.values[i]]),
  symbol: "circle", symbolSize: 8, lineStyle: { color: "#6a747d", type: [2, 4], width: 3 }, itemStyle: { color: "#6a747d" },
});

const ticked = (axis, size, extra, margin = 8) => {
  const at = axis.ticks.map((tick) => tick.at);
  const text = new Map(axis.ticks.map((tick) => [tick.at, tick.text]));
  return {
    type: "value", min: axis.min, max: axis.max, axisLine: { show: false }, axisTick: { show: false, customValues: at },
    axisLabel: { margin, customValues: at, formatter: (value) => text.get(value) ?? "", color: MUTED, fontSize: size, fontFamily: "Inter" },
    splitLine: { customValues: at, lineStyle: { color: LINE } }, ...extra,
  };
};

export function fan({ years, axes, axis, funding, policies, guess, ends = 0 }) {
  const size = Math.max(16, 0.89 * rem());
  const longest = Math.max(guess ? 10 : 0, ends, ...policies.map(({ curve, extra }) => 3 + (extra ?? "").length + (curve.end ?? "").length));
  const drawn = policies.flatMap(({ policy, curve, extra, faint }) => [
    band(years, curve.low, curve.high, COLOUR[policy.id]),
    { ...line(policy, years, curve), ...(faint ? { symbol: "emptyCircle" } : {}) },
  ]);
  const last = years.at(-1);
  const labels = [
    ...policies.map(({ policy, curve, extra }) => ({ x: last, y: curve.middle.at(-1), text: `${policy.id}${extra ?? ""}  ${curve.end ?? ""}`, fill: TEXT[policy.id], weight: 650 })),
    ...(guess ? [{ x: last, y: guess.values.at(-1), text: "your guess", fill: MUTED, weight: 400 }] : []),
  ].filter((label) => label.y !== null);
  return {
    animation: false, textStyle: { fontFamily: "Inter", color: INK },
    grid: { left: 3.1 * size, right: (0.53 * longest + 1) * size, top: 0.7 * size, bottom: 1.75 * size },
    xAxis: ticked(axes.year, size, { splitLine: { show: false } }, 0.6 * size),
    yAxis: ticked(axis, size, {}),
    series: [
      ...(funding ? [upright(funding.year, funding.text, size, axis.max)] : []),
      ...drawn,
      ...(guess ? [guessed(guess)] : []),
      counted(size),
      endings(labels, size),
    ],
  };
}

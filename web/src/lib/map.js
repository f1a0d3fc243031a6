// The schools at their places, as one frame of one run: size is need, fill is depth, rings are clusters, a cross is a loss.
import { outline } from "./hull.js";
import { COLOUR, DEPTH, INK, MUTED } from "./look.js";

const EDGE = { f: [5, 3], w: [0.1, 4] }; // dashes: funding over; dots: left the programme

// Clusters of a frame: a number stands for an earlier frame that had the same.
export const ringsAt = (rings, frame) => (typeof rings[frame] === "number" ? rings[rings[frame]] : rings[frame]) ?? [];

// Where the schools are on a canvas of this size, north up, with a margin.
export function layout(schools, aspect, width, height, unit) {
  const margin = 1.1 * unit;
  const scale = Math.min((width - 2 * margin) / aspect, height - 2 * margin);
  const left = (width - scale * aspect) / 2;
  const top = (height - scale) / 2;
  const small = Math.min(1, Math.sqrt(70 / schools.length) + 0.12);
  const places = schools.map(({ x, y, size }) => ({ x: left + x * scale * aspect, y: top + y * scale, r: unit * small * (0.22 + 0.36 * size) }));
  return { places, across: scale * aspect, right: left + scale * aspect, bottom: top + scale };
}

export const nearest = ({ places }, x, y, reach) => {
  let best = -1;
  let found = reach * reach;
  places.forEach((place, i) => {
    const away = (place.x - x) ** 2 + (place.y - y) ** 2;
    if (away < found) [found, best] = [away, i];
  });
  return best;
};

export function paint(context, { places }, { depth, state, rings, letter, chosen, unit }) {
  const colour = COLOUR[letter];
  context.lineJoin = "round";
  for (const members of rings) {
    outline(context, members.map((row) => [places[row].x, places[row].y]), unit * (places.length > 400 ? 0.4 : 0.85));
    context.globalAlpha = 0.09;
    context.fillStyle = colour;
    context.fill();
    context.globalAlpha = 0.55;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.stroke();
    context.globalAlpha = 1;
  }
  const order = places.map((_, i) => i).sort((i, j) => places[j].r - places[i].r);
  for (const i of order) {
    const { x, y, r } = places[i];
    const what = state[i];
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.fillStyle = what === "." && depth[i] === "0" ? "#fff" : DEPTH[Number(depth[i])];
    context.fill();
    context.strokeStyle = what === "." ? "#9aa5af" : what === "l" ? MUTED : INK;
    context.lineWidth = { m: 2, f: 1.5, w: 2 }[what] ?? 1.25;
    context.lineCap = what === "w" ? "round" : "butt";
    context.setLineDash(EDGE[what] ?? []);
    context.stroke();
    context.setLineDash([]);
    context.lineCap = "butt";
    if (what === "l") cross(context, x, y, Math.max(r, unit * 0.3));
    if (i === chosen) {
      context.beginPath();
      context.arc(x, y, r + 4, 0, 2 * Math.PI);
      context.strokeStyle = INK;
      context.lineWidth = 3;
      context.stroke();
    }
  }
}

function cross(context, x, y, r) {
  for (const [colour, width] of [["#fff", 5], [INK, 2.5]]) {
    context.beginPath();
    context.moveTo(x - r, y - r);
    context.lineTo(x + r, y + r);
    context.moveTo(x + r, y - r);
    context.lineTo(x - r, y + r);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

export function ruler(context, { across, right }, scale, height, unit) {
  const length = scale.length * across;
  const y = height - unit * 0.35;
  context.strokeStyle = MUTED;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(right - length, y);
  context.lineTo(right, y);
  context.stroke();
  context.fillStyle = MUTED;
  context.font = `${Math.max(16, unit * 0.89)}px Inter`;
  context.textAlign = "right";
  context.fillText(scale.text, right - length - 8, y + 4);
}


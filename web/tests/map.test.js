import { expect, it } from "vitest";
import { hull } from "../src/lib/hull.js";
import { layout, nearest, ringsAt } from "../src/lib/map.js";

it("keeps the outer points of a cluster", () => {
  expect(hull([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1]]).length).toBe(4);
  expect(hull([[3, 1]])).toEqual([[3, 1]]);
});

it("takes a number as the frame that had the same clusters", () => {
  const rings = [[[0, 1]], 0, [[2, 3]]];
  expect([0, 1, 2].map((frame) => ringsAt(rings, frame))).toEqual([[[0, 1]], [[0, 1]], [[2, 3]]]);
});

it("finds the school under the pointer, and none far from all", () => {
  const placed = layout([{ x: 0, y: 0, size: 0 }, { x: 1, y: 1, size: 1 }], 1, 200, 200, 18);
  expect(nearest(placed, placed.places[1].x, placed.places[1].y, 20)).toBe(1);
  expect(nearest(placed, 100, 100, 20)).toBe(-1);
});

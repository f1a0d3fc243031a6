import { expect, it } from "vitest";
import { spread } from "../src/lib/spread.js";

it("leaves labels that are apart where they are", () => {
  expect(spread([10, 50, 90], 20, 0, 100)).toEqual([10, 50, 90]);
});

it("moves labels apart about their own middle, in their order, and keeps them inside", () => {
  expect(spread([50, 50], 20, 0, 100)).toEqual([40, 60]);
  expect(spread([1, 0, 2], 10, 0, 100)).toEqual([10, 0, 20]);
  expect(spread([99, 98], 10, 0, 100)).toEqual([100, 90]);
});

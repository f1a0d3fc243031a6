import { expect, it } from "vitest";
import { history } from "../src/lib/history.js";

it("undoes and redoes, and takes the moves of one lever as one step", () => {
  let clock = 0;
  const steps = history("start", { now: () => clock });
  for (const value of [1, 2, 3]) { clock += 100; steps.push(`cpd ${value}`, "A.cpd"); }
  clock += 100;
  steps.push("focus", "A.focus");
  expect(steps.undo()).toBe("cpd 3");
  expect(steps.undo()).toBe("start");
  expect(steps.canUndo).toBe(false);
  expect(steps.undo()).toBe("start");
  expect(steps.redo()).toBe("cpd 3");
  steps.push("other");
  expect(steps.canRedo).toBe(false);
});

it("takes a move after a pause as a step of its own", () => {
  let clock = 0;
  const steps = history(0, { now: () => clock });
  steps.push(1, "A.cpd");
  clock = 5000;
  steps.push(2, "A.cpd");
  expect(steps.undo()).toBe(1);
});

import { expect, it } from "vitest";
import { read, withCode } from "../src/lib/address.js";
import { standing, withFewer, withLever, withMore, withNetwork, withParameter, withPreset, word } from "../src/lib/scenario.js";

const cpd = { id: "cpd", scope: "policy", min: 0, values: { 0: "none", "1.0": "all", 0.5: "half" } };
const money = { id: "budget", scope: "all" };
const start = { policies: [{ id: "hubs", levers: { cpd: 0.4 } }, { id: "none" }], networks: [{ id: "nlc", levers: { cpd: 0.55 } }] };
const scenario = { budget: 30, policies: [{ id: "A", preset: "hubs", network: null, levers: {} }, { id: "B", preset: "hubs", network: "nlc", levers: { cpd: 0.1 } }], parameters: {} };

it("reads where a lever stands: by hand, by the network, by the preset", () => {
  expect(standing(scenario, "A", cpd, start)).toBe(0.4);
  expect(standing(scenario, "B", cpd, start)).toBe(0.1);
  expect(standing(withNetwork(scenario, "B", "nlc"), "B", cpd, start)).toBe(0.55);
  expect(standing(withPreset(scenario, "B", "none"), "B", cpd, start)).toBe(0);
  expect(standing(scenario, "A", money, start)).toBe(30);
});

it("edits a copy", () => {
  const next = withLever(withLever(scenario, "A", cpd, 1), "A", money, 40);
  expect([next.policies[0].levers.cpd, next.budget]).toEqual([1, 40]);
  expect([scenario.policies[0].levers, scenario.budget]).toEqual([{}, 30]);
  const more = withMore(scenario, ["none", ...scenario.policies.map((each) => each.preset), "other"]);
  expect(more.policies[2]).toMatchObject({ id: "C", preset: "none" });
  expect(withMore(more, ["none", "other"]).policies[3]).toMatchObject({ id: "D", preset: "other" });
  expect(withFewer(more).policies).toEqual(scenario.policies);
  expect(withParameter(withParameter(scenario, "theta", 3), "theta", null).parameters).toEqual({});
});

it("finds the server's word for a value", () => {
  expect([word(cpd, 0), word(cpd, 1), word(cpd, 0.5), word(cpd, 0.3)]).toEqual(["none", "all", "half", "0.3"]);
});

it("reads the address and never writes the key into it", () => {
  expect(read("#key=abc").key).toBe("abc");
  expect(read("#s=1.eJ-_x").code).toBe("1.eJ-_x");
  expect(read("#findings").place).toBe("findings");
  expect(withCode({ origin: "http://127.0.0.1:8765", pathname: "/" }, "1.x")).toBe("http://127.0.0.1:8765/#s=1.x");
});

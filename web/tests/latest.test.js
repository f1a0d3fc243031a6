import { describe, expect, it } from "vitest";
import { latest } from "../src/lib/latest.js";

// A server whose answers come when the test says so.
function served({ fails = () => null } = {}) {
  const flights = [];
  const drawn = [];
  const failures = [];
  const want = latest({
    ask: (wish, signal) => new Promise((resolve, reject) => {
      const flight = { ...wish, aborted: false, answer: (more = {}) => resolve({ of: wish.what, runs: wish.runs ?? 10, next_runs: null, ...more }), refuse: reject };
      signal.addEventListener("abort", () => { flight.aborted = true; reject(Object.assign(new Error("aborted"), { name: "AbortError" })); });
      flights.push(flight);
    }),
    draw: (answer, current) => drawn.push([answer.of, answer.runs, current]),
    fail: (reason) => failures.push(reason.message),
    again: 5,
  });
  return { flights, drawn, failures, want, fails };
}
const soon = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("latest", () => {
  it("keeps one request in flight and then asks only for the newest wish", async () => {
    const { flights, drawn, want } = served();
    ["first", "second", "third"].forEach((what) => want({ what }));
    expect(flights.length).toBe(1);
    flights[0].answer({ next_runs: 40 });
    await soon();
    expect(flights.map((flight) => flight.what)).toEqual(["first", "third"]);
    flights[1].answer();
    await soon();
    expect(drawn).toEqual([["first", 10, false], ["third", 10, true]]);
  });

  it("refines until nothing is left, and breaks a refinement off for a new wish", async () => {
    const { flights, drawn, want } = served();
    want({ what: "one" });
    flights[0].answer({ next_runs: 40 });
    await soon();
    expect(flights[1].runs).toBe(40);
    want({ what: "two" });
    await soon();
    expect(flights[1].aborted).toBe(true);
    flights[2].answer();
    await soon();
    expect(drawn.at(-1)).toEqual(["two", 10, true]);
    expect(flights.length).toBe(3);
  });

  it("tells of a failure of the newest wish only, and asks again when the server is busy", async () => {
    const { flights, failures, drawn, want } = served();
    want({ what: "bad" });
    want({ what: "good" });
    flights[0].refuse(new Error("old"));
    await soon();
    flights[1].refuse(Object.assign(new Error("busy"), { code: "busy" }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    flights[2].answer();
    await soon();
    expect(failures).toEqual([]);
    expect(drawn).toEqual([["good", 10, true]]);
    want({ what: "worse" });
    flights[3].refuse(new Error("no such policy"));
    await soon();
    expect(failures).toEqual(["no such policy"]);
  });
});

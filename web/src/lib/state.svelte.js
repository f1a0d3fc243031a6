// What the page knows: what the server told at the start, the scenario being edited, the newest answer, and what is looked at.
import { read, withCode } from "./address.js";
import { file, get, save, send, signedAs } from "./api.js";
import { history } from "./history.js";
import { latest } from "./latest.js";

const client = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");

class Workshop {
  start = $state.raw(null);
  scenario = $state.raw(null);
  answer = $state.raw(null);
  steps = $state.raw({ undo: false, redo: false });
  mode = $state("explore");
  tab = $state("side");
  editing = $state("A");
  second = $state("gap");
  frame = $state(1e6); // the last there is
  presenting = $state(false);
  settled = $state(false);
  trouble = $state("");
  note = $state("");
  story = $state.raw(null);
  school = $state.raw(null);
  finding = $state(null); // one to be led to, from where it is cited
  guess = $state.raw(null);
  drawn = $state.raw({ number: 0, first: 0, settled: 0 });
  #history = null;
  #want = null;
  #fresh = true;
  #asked = 0;

  get ready() { return this.answer !== null; }
  get policies() { return this.scenario?.policies ?? []; }
  get outcome() { return Object.fromEntries(this.start.outcomes.map((each) => [each.id, each])); }
  get curves() {
    const split = this.second === "well_most" ? ["well_least"] : [];
    return [...new Set(["doing_it_well", this.second, ...split, ...(this.guess ? [this.guess.outcome] : [])])];
  }

  async open() {
    const { key, code, place } = read(location.hash);
    if (key) {
      sessionStorage.setItem("kmsim-key", key);
      globalThis.history.replaceState(null, "", location.pathname);
    }
    signedAs("presenter", sessionStorage.getItem("kmsim-key"));
    try {
      this.start = await get("start");
    } catch (reason) {
      this.trouble = reason.message;
      return;
    }
    this.#want = latest({
      ask: ({ number, scenario, runs }, signal) => send("simulate", {
        client, number, scenario, runs: runs ?? this.start.runs.steps[0], outcomes: this.curves,
        axes: this.#fresh ? null : this.answer.axes,
      }, signal),
      draw: (answer, current) => this.#draw(answer, current),
      fail: (reason) => { this.trouble = reason.message; },
    });
    let scenario = this.start.scenario;
    if (code) scenario = (await this.#decoded(code)) ?? scenario;
    this.scenario = scenario;
    this.#history = history(scenario);
    if (place === "findings") this.go("assumptions", "findings");
    this.#run(true);
    addEventListener("hashchange", () => this.#moved());
  }

  async #moved() {
    const { code, place } = read(location.hash);
    if (place === "findings") this.go("assumptions", "findings");
    if (code && code !== this.answer?.link) {
      const scenario = await this.#decoded(code);
      if (scenario) this.replace(scenario);
    }
  }

  async #decoded(code) {
    try {
      const { scenario, note } = await send("open", { code });
      this.note = note;
      return scenario;
    } catch (reason) {
      this.note = reason.message;
      return null;
    }
  }

  #run(fresh) {
    this.#fresh ||= fresh;
    this.settled = false;
    this.#asked = performance.now();
    this.drawn = { ...this.drawn, number: this.#want({ scenario: this.scenario }) };
  }

  #draw(answer, current) {
    this.answer = answer;
    this.#fresh = false;
    this.trouble = "";
    if (!current) return;
    const took = performance.now() - this.#asked;
    const first = answer.runs === this.start.runs.steps[0];
    this.settled = answer.next_runs === null;
    this.drawn = { ...this.drawn, first: first ? took : this.drawn.first, settled: this.settled ? took : 0 };
    if (this.settled) globalThis.history.replaceState(null, "", `#s=${answer.link}`);
  }

  // An edit of the scenario. `what` names a lever being moved: its moves are one step of undo, and the axes stay.
  edit(scenario, what = null) {
    this.#history.push(scenario, what);
    this.#take(scenario, what === null);
  }

  replace(scenario) {
    this.#history.push(scenario);
    this.#take(scenario, true);
  }

  undo() { this.#take(this.#history.undo(), true); }
  redo() { this.#take(this.#history.redo(), true); }

  #take(scenario, fresh) {
    this.scenario = scenario;
    this.steps = { undo: this.#history.canUndo, redo: this.#history.canRedo };
    if (!scenario.policies.some((policy) => policy.id === this.editing)) this.editing = "A";
    this.#run(fresh);
  }

  // Another outcome to draw: the same scenario is asked again with it.
  choose(outcome) {
    this.second = outcome;
    this.again();
  }

  again() { this.#run(false); }

  go(mode, tab = null) {
    this.mode = mode;
    if (tab) this.tab = tab;
  }

  // A story begins with a question to the room: where it is asked and guessed, before any curve is seen.
  begin(story) {
    this.story = { ...story, at: 0 };
    this.guess = null;
    this.replace(story.scenario);
    this.go("predict");
  }

  // To a finding, in the list of them all.
  read(finding) {
    this.finding = finding;
    this.go("assumptions", "findings");
  }

  // Larger for a projector. The class is set first: charts read the size of their letters from it.
  present(on) {
    document.documentElement.classList.toggle("presenting", on);
    this.presenting = on;
  }

  get link() { return this.answer ? withCode(location, this.answer.link) : ""; }

  ask(path, more = {}) { return send(path, { client, scenario: this.scenario, ...more }); }

  async download(kind) { save(await file("export", { scenario: this.scenario, runs: this.answer.runs, kind })); }

  async visit(row, policy) {
    this.school = { row, policy, waiting: true };
    try {
      const told = await send("school", { scenario: this.scenario, policy, school: row });
      if (this.school?.row === row && this.school.policy === policy) this.school = { row, policy, ...told };
    } catch (reason) {
      this.school = { row, policy, trouble: reason.message };
    }
  }
}

export const workshop = new Workshop();

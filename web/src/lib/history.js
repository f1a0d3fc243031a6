// Undo and redo. Moves of one lever that follow each other closely are one step.
export function history(first, { now = Date.now, together = 1200 } = {}) {
  let past = [];
  let future = [];
  let present = first;
  let last = { what: null, when: 0 };
  return {
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    push(next, what = null) {
      const same = what !== null && what === last.what && now() - last.when < together;
      if (!same) past = [...past.slice(-99), present];
      future = [];
      present = next;
      last = { what, when: now() };
    },
    undo() {
      if (!past.length) return present;
      future = [present, ...future];
      present = past.at(-1);
      past = past.slice(0, -1);
      last = { what: null, when: 0 };
      return present;
    },
    redo() {
      if (!future.length) return present;
      past = [...past, present];
      [present, ...future] = future;
      last = { what: null, when: 0 };
      return present;
    },
  };
}

// Only the newest wish counts. One request is in flight: a first look is awaited (so that a lever held down still moves the
// curves), a refinement is broken off at once. Answers are drawn in the order of the wishes; a refinement no longer wanted never.
export function latest({ ask, draw, fail, again = 700 }) {
  let number = 0;
  let wish = null;
  let flight = null;

  async function fly(mine, runs) {
    const control = new AbortController();
    flight = { refining: runs !== null, control };
    try {
      const answer = await ask({ ...mine, runs }, control.signal);
      flight = null;
      if (mine.number === wish.number || runs === null) draw(answer, mine.number === wish.number);
      if (mine.number !== wish.number) fly(wish, null);
      else if (answer.next_runs) fly(mine, answer.next_runs);
    } catch (reason) {
      flight = null;
      if (mine.number !== wish.number) return void fly(wish, null);
      if (reason.code === "superseded" || reason.name === "AbortError") return;
      if (reason.code === "busy") setTimeout(() => mine.number === wish.number && !flight && fly(mine, runs), again);
      else fail(reason);
    }
  }

  return function want(what) {
    number += 1;
    wish = { ...what, number };
    if (!flight) fly(wish, null);
    else if (flight.refining) flight.control.abort();
    return number;
  };
}

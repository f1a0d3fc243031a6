// What the address after # says: key=TOKEN (the presenter's right), s=CODE (a scenario), or the name of a place on the page.
export function read(hash) {
  const text = hash.replace(/^#/, "");
  if (!text.includes("=")) return { place: text || null };
  const pairs = new URLSearchParams(text);
  return { key: pairs.get("key"), code: pairs.get("s"), place: null };
}

export const withCode = (location, code) => `${location.origin}${location.pathname}#s=${code}`;

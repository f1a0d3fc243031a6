// Every word and number on the page comes through here. A refusal arrives as an Error whose message is the server's sentence.
export class Refusal extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

let headers = {};

export function signedAs(kind, token) {
  headers = token ? { [kind === "guest" ? "X-Kmsim-Guest" : "X-Kmsim-Key"]: token } : {};
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(`/api/${path}`, options);
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new Refusal("offline", "The workshop's server does not answer. Is kmsim workshop still running?");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Refusal(body?.error?.code ?? "failed", body?.error?.sentence ?? `The server answered ${response.status}.`);
}

const post = (body, signal) => ({
  method: "POST", signal, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body),
});

export const get = async (path) => (await answered(path, { headers })).json();

export const send = async (path, body, signal) => (await answered(path, post(body, signal))).json();

export async function file(path, body) {
  const response = await answered(path, post(body));
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "kmsim";
  return { name, blob: await response.blob() };
}

export function save({ name, blob }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

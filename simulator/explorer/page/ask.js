/** Questions to the server: one JSON object there, one or many back, line by line. A newer question of a kind ends the older. */
const token = new URLSearchParams(location.search).get("token") ?? "";
const page = crypto.randomUUID();
const running = new Map();

export class Refused extends Error {}

async function post(path, body, signal) {
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(body ?? {}), signal,
    headers: { "Content-Type": "application/json", "X-Token": token, "X-Page": page },
  });
  if (answer.status === 422) throw new Refused((await answer.json()).problems.join("\n"));
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

export const ask = async (path, body) => (await post(path, body)).json();

/** Ask a question and hand over its parts as they come; resolves to whether the answer was whole. */
export async function stream(kind, body, hand) {
  running.get(kind)?.abort();
  const control = new AbortController();
  running.set(kind, control);
  try {
    const answer = await post(`/ask/${kind}`, body, control.signal);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return !control.signal.aborted;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) if (!control.signal.aborted) hand(JSON.parse(line));
    }
  } catch (error) {
    if (error.name === "AbortError") return false;
    throw error;
  } finally {
    if (running.get(kind) === control) running.delete(kind);
  }
}

export function stop(...kinds) {
  for (const kind of kinds) running.get(kind)?.abort();
}

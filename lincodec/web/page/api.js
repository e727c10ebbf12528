// What the server is asked for.

export class ServerError extends Error {
  constructor(message, status, damaged) {
    super(message);
    this.status = status;
    this.damaged = damaged;
  }
}

async function answered(answer) {
  if (answer.ok) return answer;
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // not every refusal says why
  }
  throw new ServerError(told.error ?? `the server answered ${answer.status}`, answer.status, told.damaged ?? false);
}

export async function ask(path, options) {
  return (await answered(await fetch(path, options))).json();
}

export async function bytes(path, signal) {
  return answered(await fetch(path, { signal }));
}

export const thumbOf = (id, seconds) => `/api/thumb/${id}?t=${seconds.toFixed(2)}`;

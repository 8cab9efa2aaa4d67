// What the scripts of this folder share: their arguments, and saying things to the test that runs them.
// Usage of each: SCRIPT SCENARIO URL [TOKEN]

export const [scenario, url, token] = process.argv.slice(2);

/// One line of JSON.
export const say = (line) => console.log(JSON.stringify(line));

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const headers = token ? { authorization: `Bearer ${token}` } : {};

/// Subscribes, says what comes, and gives what ends it and a promise of its end.
export function run(client, query, heard = say) {
  let stop;
  const ended = new Promise((resolve) => {
    stop = client.subscribe({ query }, {
      next: (result) => heard({ next: result }),
      error: (error) => resolve(heard({ error: told(error) })),
      complete: () => resolve(heard({ complete: true })),
    });
  });
  return { stop: () => stop(), ended };
}

/// Runs one operation after another, each to its end.
export async function runAll(client, queries) {
  for (const query of queries) await run(client, query).ended;
}

/// Subscribes and unsubscribes after the first event, says so, and stays.
export function stopAfterFirst(client, query) {
  const running = run(client, query, (line) => {
    say(line);
    if (line.next) running.stop();
  });
  setInterval(() => {}, 1_000);
}

/// An error in words: GraphQL errors by their codes, the end of a connection by its code or status.
function told(error) {
  if (Array.isArray(error)) return { codes: error.map((one) => one.extensions.code) };
  if (error.code !== undefined) return { closed: error.code, reason: error.reason };
  if (error.response) return { status: error.response.status };
  return { message: String(error) };
}

/// Runs the scenario that was asked for.
export async function play(scenarios) {
  await scenarios[scenario]();
}

export const OPERATIONS = ['{ hello }', 'mutation { rename(name: "a") }', 'subscription { count(to: 3) }'];
export const REFUSED = ['{ helo }', '{ hello', 'subscription { count }', '{ hello }'];

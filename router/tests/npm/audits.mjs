// Runs the audits of graphql-http against an endpoint, and says one line of JSON for each.
// Usage: audits.mjs URL [HEADER], where HEADER goes with every request.
import { serverAudits } from 'graphql-http';

const [url, header] = process.argv.slice(2);

let answer;
const fetchFn = async (target, init = {}) =>
  (answer = await fetch(target, { ...init, headers: { ...init.headers, ...(header && { [header]: '1' }) } }));

for (const { id, name, fn } of serverAudits({ url, fetchFn })) {
  const { status, reason = null } = await fn();
  console.log(JSON.stringify({ id, name, status, reason, http: answer.status }));
  // A body that nobody reads keeps its connection.
  if (!answer.bodyUsed) await answer.arrayBuffer();
}

// @apollo/client, which subscribes over multipart answers when it has nothing else; and the same read byte by byte.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { OPERATIONS, REFUSED, headers, play, say, url } from './client.mjs';

const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, headers }) });

/// Subscribes and says what comes: data, or the errors as the client names them.
function subscribe(query, heard = say) {
  let subscription;
  const ended = new Promise((resolve) => {
    subscription = apollo.subscribe({ query: gql(query), fetchPolicy: 'no-cache' }).subscribe({
      next: ({ data, error }) => heard(error ? { error: told(error) } : { next: { data } }),
      error: (error) => resolve(heard({ error: told(error) })),
      complete: () => resolve(heard({ complete: true })),
    });
  });
  return { stop: () => subscription.unsubscribe(), ended };
}

const told = (error) => ({ name: error.name, codes: error.errors?.map((one) => one.extensions.code) ?? [] });

/// Reads a multipart answer as RFC 2046 has it, and says each part as soon as the boundary after it has come.
async function raw(query) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers, 'content-type': 'application/json', accept: 'multipart/mixed;subscriptionSpec=1.0, application/json',
    },
    body: JSON.stringify({ query }),
  });
  const type = response.headers.get('content-type');
  say({ status: response.status, type });
  const delimiter = `\r\n--${/boundary="?([^";]+)/.exec(type)[1]}`;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(delimiter);
    rest = parts.pop();
    for (const part of parts) {
      const [head, body] = part.split('\r\n\r\n');
      // Before the first boundary there may be a preamble, and is none.
      if (part !== '') say({ head: head.trim(), part: JSON.parse(body) });
    }
  }
  say({ epilogue: rest });
}

await play({
  operations: async () => {
    say({ next: await apollo.query({ query: gql(OPERATIONS[0]) }) });
    say({ next: await apollo.mutate({ mutation: gql(OPERATIONS[1]) }) });
    await subscribe(OPERATIONS[2]).ended;
  },
  refused: () => subscribe(REFUSED[2]).ended,
  first: () => subscribe('subscription { first }').ended,
  silence: () => subscribe('subscription { leaveSilence }').ended,
  unsubscribe: async () => {
    const running = subscribe('subscription { ticks }', (line) => {
      say(line);
      running.stop();
    });
    setInterval(() => {}, 1_000);
  },
  token: () => subscribe('subscription { ticks }').ended,
  raw: () => raw('subscription { count(to: 2) }'),
  'raw-silence': () => raw('subscription { leaveSilence }'),
});

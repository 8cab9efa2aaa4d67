// graphql-sse in its distinct connections mode; and EventSource, as browsers have it.
import { EventSource } from 'eventsource';
import { createClient } from 'graphql-sse';
import { OPERATIONS, REFUSED, headers, play, run, runAll, say, sleep, stopAfterFirst, url } from './client.mjs';

const open = (options = {}) => createClient({ url, headers, retryAttempts: 0, ...options });

await play({
  operations: () => runAll(open(), OPERATIONS),
  refused: () => runAll(open(), REFUSED),
  unsubscribe: () => stopAfterFirst(open(), 'subscription { ticks }'),
  token: () => run(open(), '{ hello }').ended,
  // It comes back by itself, and says which event it saw last.
  resume: () => {
    const query = 'subscription ($seen: ID) { words(after: $seen) { id } }';
    const source = new EventSource(`${url}?query=${encodeURIComponent(query)}`, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, 'x-innoerp-csrf': '1' } }),
    });
    source.addEventListener('next', ({ data }) => say({ word: JSON.parse(data).data.words.id }));
  },
  silence: () => run(open(), 'subscription { leaveSilence }').ended,
  first: () => run(open(), 'subscription { first }').ended,
  reconnect: async () => {
    let isFirst = false;
    const connected = (isRetry) => {
      isFirst = true;
      say({ connected: isRetry ? 'again' : 'first' });
    };
    const client = open({ retryAttempts: 1_000, retry: () => sleep(20), on: { connected } });
    await run(client, 'subscription { ticks }', (line) => {
      if (isFirst || !line.next) say(line);
      isFirst = false;
    }).ended;
  },
});

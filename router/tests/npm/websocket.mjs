// graphql-ws, the reference client of graphql-transport-ws.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { OPERATIONS, REFUSED, headers, play, run, runAll, say, sleep, stopAfterFirst, url } from './client.mjs';

const open = (options = {}) =>
  createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: headers, ...options });

await play({
  operations: () => runAll(open(), OPERATIONS),
  refused: () => runAll(open(), REFUSED),
  // The socket stays open, so it is the unsubscribing that ends the subscription.
  unsubscribe: () => stopAfterFirst(open({ lazy: false }), 'subscription { ticks }'),
  ping: () => open({ lazy: false, keepAlive: 50, on: { pong: (received) => say({ pong: received }) } }),
  first: () => run(open(), 'subscription { first }').ended,
  silence: () => run(open(), 'subscription { silence }').ended,
  token: () => run(open(), '{ hello }').ended,
  close: async () => {
    const client = open({ on: { closed: ({ code, wasClean }) => say({ closed: code, wasClean }) } });
    await run(client, '{ hello }').ended;
  },
  late: () => run(open({ connectionParams: () => sleep(2_000) }), '{ hello }').ended,
  twice: async () => {
    const client = open({ generateID: () => 'same' });
    await Promise.all([1, 2].map(() => run(client, 'subscription { silence }').ended));
  },
  reconnect: async () => {
    let isFirst = false;
    const connected = (_socket, _payload, isRetry) => {
      isFirst = true;
      say({ connected: isRetry ? 'again' : 'first' });
    };
    const client = open({
      retryAttempts: 1_000, retryWait: () => sleep(20), shouldRetry: () => true, on: { connected },
    });
    await run(client, 'subscription { ticks }', (line) => {
      if (isFirst || !line.next) say(line);
      isFirst = false;
    }).ended;
  },
});

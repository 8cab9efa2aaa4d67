// A subgraph on the reference implementations: graphql-js, graphql-http, graphql-ws and graphql-sse. Says its port, and
// how many subscriptions live whenever that changes.
import { createServer } from 'node:http';
import { GraphQLError, buildSchema, execute, subscribe } from 'graphql';
import { createHandler as answers } from 'graphql-http/lib/use/http';
import { createHandler as events } from 'graphql-sse/lib/use/http';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { say, sleep } from './client.mjs';

const sdl = `
  type Query { hello: String! }
  type Subscription { count(to: Int!): Int! ticks: Int! refused: Int! broken: Int }
`;
const schema = buildSchema(`${sdl} extend type Query { _service: _Service! } type _Service { sdl: String! }`);

let live = 0;
async function* counted(field, values) {
  say({ live: ++live });
  try {
    for await (const value of values) yield { [field]: value };
  } finally {
    say({ live: --live });
  }
}

async function* upTo(end, pause) {
  for (let i = 1; i <= end; i++) {
    await sleep(pause);
    yield i;
  }
}

const rootValue = {
  _service: { sdl },
  hello: 'world',
  count: ({ to }) => counted('count', upTo(to, 0)),
  ticks: () => counted('ticks', upTo(Infinity, 20)),
  refused: () => {
    throw new GraphQLError('not for you', { extensions: { code: 'FORBIDDEN' } });
  },
  // An event that is an error, and one that is none.
  broken: () => counted('broken', [() => { throw new Error('one'); }, 2]),
};

const answer = answers({ schema, rootValue });
const stream = events({
  schema,
  execute: (args) => execute({ ...args, rootValue }),
  subscribe: (args) => subscribe({ ...args, rootValue }),
});
const server = createServer((request, response) =>
  (request.headers.accept === 'text/event-stream' ? stream : answer)(request, response));
useServer({ schema, roots: { query: rootValue, subscription: rootValue } },
  new WebSocketServer({ server, path: '/graphql/ws' }));
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));

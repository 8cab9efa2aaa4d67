// Clients that read by GET, as they come: @apollo/client 4 and 3, @urql/core, and EventSource, each without a header of
// our own unless the scenario says so.
import * as four from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { EventSource } from 'eventsource';
import { Client, fetchExchange, gql as urqlGql } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { play, say, url } from './client.mjs';

const require = createRequire(import.meta.url);
const three = require('apollo-client-3/core');
const { createPersistedQueryLink } = require('apollo-client-3/link/persisted-queries');

const QUERY = 'query Hello { hello }';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/// Counts methods, and tells that nothing was sent but by GET.
const sent = [];
const noting = (target, init) => {
  sent.push(init?.method ?? 'GET');
  return fetch(target, init);
};

async function apollo({ ApolloClient, InMemoryCache, HttpLink, gql }, persisted) {
  const http = new HttpLink({ uri: url, fetch: noting, useGETForQueries: true });
  const client = new ApolloClient({ cache: new InMemoryCache(), link: persisted ? persisted.concat(http) : http });
  const { data } = await client.query({ query: gql(QUERY), fetchPolicy: 'no-cache' });
  say({ data, sent });
}

async function urql(fetchOptions, persisted) {
  const exchanges = persisted ? [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange] : [fetchExchange];
  const client = new Client({ url, fetch: noting, exchanges, preferGetMethod: 'force', fetchOptions });
  const { data, error } = await client.query(urqlGql(QUERY), {}).toPromise();
  say({ data: data && { hello: data.hello }, status: error?.response?.status, sent });
}

const hashed = { sha256, useGETForHashedQueries: true };
const header = { headers: { 'apollo-require-preflight': '1' } };

await play({
  apollo4: () => apollo(four),
  'apollo4-persisted': () => apollo(four, new PersistedQueryLink(hashed)),
  apollo3: () => apollo(three),
  'apollo3-persisted': () => apollo(three, createPersistedQueryLink(hashed)),
  urql: () => urql(header),
  'urql-persisted': () => urql(header, true),
  'urql-bare': () => urql(),
  // As browsers have it: it can set no header.
  'event-source': async () => {
    const source = new EventSource(`${url}?query=${encodeURIComponent('subscription { count(to: 1) }')}`);
    source.addEventListener('next', ({ data }) => say({ data: JSON.parse(data).data }));
    source.addEventListener('complete', () => source.close());
    source.addEventListener('error', ({ code }) => {
      say({ status: code });
      source.close();
    });
  },
});

// A module of innoERP in JavaScript: what the organization lends to its employees.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLError, parse } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const HOST = process.env.HOST ?? '127.0.0.1';
const PORT = Number(process.env.PORT ?? 8020);
const JWKS_URL = process.env.JWKS_URL ?? 'http://127.0.0.1:8002/.well-known/jwks.json';
const BODY_BYTES_MAX = 1_000_000;
const ITEM_LENGTH_MAX = 80;
const LOANS_MAX = 1_000;

// --- Who asks ------------------------------------------------------------------------------------

const keys = createRemoteJWKSet(new URL(JWKS_URL));

// The organization that the caller's token names, or null without a token that holds. The router forwards the token
// and has verified it; a port can be reached without the router, so it is verified again.
async function organizationOf(authorization) {
  const token = authorization?.match(/^Bearer (.+)$/i)?.[1];
  if (!token) return null;
  const expected = { issuer: 'innoerp', audience: 'innoerp-api', algorithms: ['EdDSA'], clockTolerance: 30 };
  try {
    const { payload } = await jwtVerify(token, keys, { ...expected, requiredClaims: ['exp', 'org'] });
    return payload.typ === 'access' ? payload.org : null;
  } catch {
    return null;
  }
}

function refuse(code, message) {
  return new GraphQLError(message, { extensions: { code } });
}

// --- What is lent --------------------------------------------------------------------------------

// By organization. A real module keeps this in its own database, and asks for the organization in every query.
const loansByOrganization = new Map();

function loansOf({ organization }) {
  if (!organization) throw refuse('UNAUTHENTICATED', 'log in first');
  if (!loansByOrganization.has(organization)) loansByOrganization.set(organization, []);
  return loansByOrganization.get(organization);
}

function lend(loans, employeeId, item) {
  if (item.length < 1 || item.length > ITEM_LENGTH_MAX) {
    throw refuse('BAD_USER_INPUT', `an item has 1 to ${ITEM_LENGTH_MAX} characters`);
  }
  if (loans.length >= LOANS_MAX) throw refuse('BAD_USER_INPUT', `there are ${LOANS_MAX} loans already`);
  const loan = { id: randomUUID(), item, employee: { id: employeeId } };
  loans.push(loan);
  return loan;
}

const resolvers = {
  Query: {
    loans: (_, __, context) => loansOf(context),
  },
  Mutation: {
    loanCreate: (_, { employeeId, item }, context) => lend(loansOf(context), employeeId, item),
  },
  Loan: {
    __resolveReference: ({ id }, context) => loansOf(context).find((loan) => loan.id === id) ?? null,
  },
  Employee: {
    // Whoever has the id may come from any module: what is known of it here is what was lent.
    __resolveReference: ({ id }) => ({ id }),
    loans: ({ id }, _, context) => loansOf(context).filter((loan) => loan.employee.id === id),
  },
};

// --- The server ----------------------------------------------------------------------------------

const typeDefs = parse(readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8'));
const answer = createHandler({
  schema: buildSubgraphSchema([{ typeDefs, resolvers }]),
  context: async ({ raw }) => ({ organization: await organizationOf(raw.headers.authorization) }),
});

const server = createServer((request, response) => {
  if (request.url !== '/graphql') return response.writeHead(404).end();
  const length = Number(request.headers['content-length'] ?? NaN);
  if (request.method === 'POST' && !(length <= BODY_BYTES_MAX)) return response.writeHead(413).end();
  return answer(request, response);
});
server.listen(PORT, HOST, () => console.log(`equipment: http://${HOST}:${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}

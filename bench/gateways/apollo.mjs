// Apollo Gateway, as its documentation starts it: `node apollo.mjs <folder with node_modules> <supergraph> <port>`.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [folder, supergraph, port] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { ApolloServer } = require("@apollo/server");
const { startStandaloneServer } = require("@apollo/server/standalone");
const { ApolloGateway } = require("@apollo/gateway");

const gateway = new ApolloGateway({ supergraphSdl: readFileSync(supergraph, "utf8") });
const server = new ApolloServer({ gateway });
await startStandaloneServer(server, { listen: { host: "127.0.0.1", port: Number(port) } });

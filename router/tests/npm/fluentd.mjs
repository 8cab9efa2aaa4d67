// The reference server of Fluentd's forward protocol for Node. Listens on the port that it is given, says which one it
// is, and then every entry that it takes; ends once it has taken one with the message that it is given.
import { FluentServer } from '@fluent-org/logger';
import { say } from './client.mjs';

const [port, last] = process.argv.slice(2);
const server = new FluentServer({ listenOptions: { port: Number(port), host: '127.0.0.1' } });
server.on('entry', (tag, time, record) => {
  say({ tag, seconds: time.epoch, nanos: time.nano, record });
  // What it has acknowledged is said first.
  if (record.message === last) setImmediate(() => process.exit(0));
});
await server.listen();
say({ port: server.port });

// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// node serverless-offline.mjs PORT   the local @connections of serverless-offline, not tuned; it verifies nothing
//
// These are the plugin's own servers, put together as the plugin does, with its default options, handlers in this
// process and no log. What is added: each client is sent its id, and the port is told. The Serverless Framework, which
// reads the configuration and starts the plugin, takes no part in a request and is not installed.
//
// The load generator needs `--path /`, as these management requests have no stage in their path.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Lambda from 'serverless-offline/lambda';
import { defaultOptions } from './node_modules/serverless-offline/src/config/index.js';
import HttpServer from './node_modules/serverless-offline/src/events/websocket/HttpServer.js';
import WebSocketClients from './node_modules/serverless-offline/src/events/websocket/WebSocketClients.js';
import WebSocketServer from './node_modules/serverless-offline/src/events/websocket/WebSocketServer.js';

// The function behind $connect: the plugin loads it from this file, by its name.
export const connect = async () => ({ statusCode: 200 });

class GreetingClients extends WebSocketClients {
  addClient(client, id) {
    super.addClient(client, id);
    this.send(id, `{"connectionId":"${id}"}`);
  }
}

const serverless = {
  config: { servicePath: dirname(fileURLToPath(import.meta.url)) },
  service: { provider: { region: 'us-east-1', stage: 'prod' } },
};
const options = { ...defaultOptions, host: '127.0.0.1', websocketPort: Number(process.argv[2]), useInProcess: true };

const lambda = new Lambda(serverless, options);
const functionDefinition = { handler: 'serverless-offline.connect', name: 'connect' };
lambda.create([{ functionKey: 'connect', functionDefinition }]);
const clients = new GreetingClients(serverless, options, lambda);
const http = new HttpServer(options, clients);
await http.createServer();
const webSockets = new WebSocketServer(options, clients, http.server);
await webSockets.createServer();
webSockets.addRoute('connect', { route: '$connect' });
await http.start();
console.log(`listening on http://127.0.0.1:${http.server.address().port}/`);

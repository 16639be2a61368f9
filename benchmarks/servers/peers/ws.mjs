// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// node ws.mjs PORT   the same service on Node.js with the package ws; it verifies nothing

import http from 'node:http';
import { WebSocketServer } from 'ws';

const clients = new Map();
let last = 0;

function serve(request, body, response) {
  if (request.url === '/broadcast') {
    for (const to of clients.values()) to.send(body, { binary: false });
    return response.end();
  }
  const to = clients.get(request.url.slice(request.url.lastIndexOf('/') + 1));
  if (!to) {
    response.statusCode = 410;
  } else if (request.method === 'POST') {
    to.send(body, { binary: false });
  } else if (request.method === 'DELETE') {
    to.close(1000);
    response.statusCode = 204;
  } else {
    return response.end('{"connectedAt":"2026-01-01T00:00:00.000Z","lastActiveAt":"2026-01-01T00:00:00.000Z"}');
  }
  response.end();
}

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => serve(request, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces), response));
});
server.keepAliveTimeout = 60_000;

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  const id = (++last).toString(16).padStart(8, '0');
  clients.set(id, socket);
  socket.on('close', () => clients.delete(id));
  socket.send(`{"connectionId":"${id}"}`);
});

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/prod`);
});

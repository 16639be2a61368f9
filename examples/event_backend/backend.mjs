// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// backend.mjs [--port 3000] [--http]: `handler` is what one would write for AWS Lambda; the rest hands it the events
// that are POSTed here, and prints each as one line. --http: the callback URL is http://, for a gateway without TLS.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import {
    ApiGatewayManagementApiClient,
    DeleteConnectionCommand,
    GoneException,
    PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";

const { values: options } = parseArgs({
    options: { port: { type: "string", default: "3000" }, http: { type: "boolean", default: false } },
});
const longestEvent = 1024 * 1024; // bytes

const clients = new Map(); // one for each callback URL
function clientFor({ domainName, stage }) {
    const endpoint = `${options.http ? "http" : "https"}://${domainName}/${stage}`;
    if (!clients.has(endpoint)) clients.set(endpoint, new ApiGatewayManagementApiClient({ endpoint, maxAttempts: 1 }));
    return clients.get(endpoint);
}

async function handler(event) {
    const { connectionId: ConnectionId, eventType, identity, routeKey } = event.requestContext;
    if (eventType !== "MESSAGE") return { statusCode: 200 };
    const send = (command) => clientFor(event.requestContext).send(command);
    const post = (Data) => send(new PostToConnectionCommand({ ConnectionId, Data }));
    try {
        if (routeKey === "echo") await post(JSON.stringify(JSON.parse(event.body).data ?? null));
        else if (routeKey === "whoami") await post(JSON.stringify({ connectionId: ConnectionId, ...identity }));
        else if (routeKey === "leave") await send(new DeleteConnectionCommand({ ConnectionId }));
        else await post(Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8"));
    } catch (error) {
        if (!(error instanceof GoneException)) throw error; // who has left needs no answer
    }
    return { statusCode: 200 };
}

async function bodyOf(request) {
    const chunks = [];
    let size = 0;
    for await (const chunk of request) {
        size += chunk.length;
        if (size > longestEvent) throw new RangeError("the event is too long");
        chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString());
}

const server = createServer(async (request, response) => {
    try {
        const event = await bodyOf(request);
        console.log(JSON.stringify(event));
        response.writeHead((await handler(event)).statusCode).end();
    } catch (error) {
        console.error(`${error}`);
        response.writeHead(error instanceof SyntaxError ? 400 : 500, { Connection: "close" }).end();
    }
});
server.listen(Number(options.port), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
process.once("SIGTERM", () => server.close());

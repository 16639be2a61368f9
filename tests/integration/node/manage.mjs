// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// manage.mjs post|get|delete ENDPOINT ID BODY_FILE: one operation with the AWS SDK for JavaScript; prints what it made of it.
import { readFileSync } from "node:fs";
import {
    ApiGatewayManagementApiClient,
    DeleteConnectionCommand,
    GetConnectionCommand,
    PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";

const [operation, endpoint, ConnectionId, file] = process.argv.slice(2);
const client = new ApiGatewayManagementApiClient({ endpoint }); // attempts: AWS_MAX_ATTEMPTS
const commands = {
    post: () => new PostToConnectionCommand({ ConnectionId, Data: readFileSync(file) }),
    get: () => new GetConnectionCommand({ ConnectionId }),
    delete: () => new DeleteConnectionCommand({ ConnectionId }),
};

const result = { status: null, error: "", connection: null, message: "" };
try {
    const { $metadata, ...connection } = await client.send(commands[operation]());
    result.status = $metadata.httpStatusCode;
    result.connection = operation === "get" ? connection : null;
} catch (error) {
    result.status = error.$metadata?.httpStatusCode ?? null;
    result.error = error.name;
    result.message = error.message;
}
console.log(JSON.stringify(result));

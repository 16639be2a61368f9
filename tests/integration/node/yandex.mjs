// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// yandex.mjs URL CONNECTION_ID: calls the WebSocket Connection Service as backends do, and prints what it answered.
const [, , url, id] = process.argv;
const connection = `${url}/apigateways/websocket/v1/connections/${encodeURIComponent(id)}`;
const headers = {Authorization: `Bearer ${process.env.YC_TOKEN}`};

const call = async (path, init = {}) => {
    const answer = await fetch(path, {...init, headers});
    return [answer.status, await answer.json()];
};
const send = (bytes, type) =>
    call(`${connection}:send`, {method: 'POST', body: JSON.stringify({data: Buffer.from(bytes).toString('base64'), type})});

const results = [await send('Grüße'), await send([0, 255], 'BINARY')];
const [status, shown] = await call(connection);
results.push([status, shown.id], await call(connection, {method: 'DELETE'}));
const [late, error] = await send('too late');
results.push([late, error.code]);
console.log(JSON.stringify(results));

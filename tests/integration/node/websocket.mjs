// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// websocket.mjs URL: connects with the npm package ws, sends a text and a binary message, prints each event as one JSON line
// until the server closes.
import WebSocket from "ws";

const socket = new WebSocket(process.argv[2], { perMessageDeflate: false });
const print = (event) => console.log(JSON.stringify(event));

socket.on("upgrade", (response) => print({ event: "upgrade", id: response.headers["x-connection-id"] ?? null }));
socket.on("open", () => {
    socket.send("text \u00e4");
    socket.send(Buffer.from([0, 255, 128]));
});
socket.on("message", (data, binary) => print({ event: "message", binary, hex: data.toString("hex") }));
socket.on("close", (code, reason) => print({ event: "close", code, reason: reason.toString() }));
socket.on("error", (error) => print({ event: "error", message: error.message }));

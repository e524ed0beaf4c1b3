// Keeps every message between the page and the program: what commands are called with, what they answer, and what streams
// bring. To be run once, early. `window.sternwayMessages` has them as {command, sent, text}.
const kept = [];
window.sternwayMessages = kept;
// The command that a callback belongs to, or the one whose argument a stream is.
const commands = new Map();

const textOf = (data) => {
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return new TextDecoder().decode(data);
  return typeof data === "string" ? data : (JSON.stringify(data) ?? "");
};

const { callbacks } = window.__TAURI_INTERNALS__;
const keeping = (id, callback) => (data) => {
  kept.push({ command: commands.get(Number(id)) ?? "a stream", sent: false, text: textOf(data) });
  return callback(data);
};
const add = callbacks.set.bind(callbacks);
for (const [id, callback] of callbacks) add(id, keeping(id, callback));
callbacks.set = (id, callback) => add(id, keeping(id, callback));

const send = window.fetch;
window.fetch = (address, options) => {
  const command = decodeURIComponent(String(address)).match(/^ipc:\/\/localhost\/(.*)$/)?.[1];
  if (command) {
    const text = textOf(options?.body ?? "");
    const headers = new Headers(options?.headers);
    for (const name of ["Tauri-Callback", "Tauri-Error"]) commands.set(Number(headers.get(name)), command);
    for (const [, id] of text.matchAll(/__CHANNEL__:(\d+)/g)) commands.set(Number(id), command);
    kept.push({ command, sent: true, text });
  }
  return send(address, options);
};

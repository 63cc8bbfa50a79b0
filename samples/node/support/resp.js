// A Redis client for the tests: RESP2 over a Unix socket, enough for EVAL and a few commands.
import { createConnection } from 'node:net';

export async function connect(path) {
  const socket = createConnection(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const waiting = [];
  let buffer = Buffer.alloc(0);
  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (let read = parse(buffer, 0); read !== null && waiting.length > 0; read = parse(buffer, 0)) {
      buffer = buffer.subarray(read.end);
      const { resolve, reject } = waiting.shift();
      if (read.value instanceof Error) reject(read.value);
      else resolve(read.value);
    }
  });
  socket.on('error', (error) => waiting.splice(0).forEach(({ reject }) => reject(error)));
  const send = (...words) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      const parts = words.map((word) => Buffer.from(String(word)));
      socket.write(
        Buffer.concat([
          Buffer.from(`*${parts.length}\r\n`),
          ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
        ]),
      );
    });
  return {
    send,
    evaluate: (script, key, args) => send('EVAL', script, 1, key, ...args),
    close: () => socket.destroy(),
  };
}

function parse(buffer, at) {
  const line = buffer.indexOf('\r\n', at);
  if (line < 0) return null;
  const text = buffer.toString('utf8', at + 1, line);
  const end = line + 2;
  switch (String.fromCharCode(buffer[at])) {
    case '+':
      return { value: text, end };
    case '-':
      return { value: new Error(text), end };
    case ':':
      return { value: Number(text), end };
    case '$': {
      const size = Number(text);
      if (size < 0) return { value: null, end };
      return buffer.length < end + size + 2
        ? null
        : { value: buffer.toString('utf8', end, end + size), end: end + size + 2 };
    }
    default: {
      const items = [];
      let next = end;
      for (let index = 0; index < Number(text); index += 1) {
        const item = parse(buffer, next);
        if (item === null) return null;
        items.push(item.value);
        next = item.end;
      }
      return { value: items, end: next };
    }
  }
}

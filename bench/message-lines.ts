/** Lines of JSON over the standard streams: what the stand-ins for Codex have in common. No library. */

/** A message that came. */
interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: unknown;
}

/** Sends a message in a write of its own, as Codex does, however many follow. */
export function send(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Hands over every message that comes, and ends the process with them. */
export function readMessages(onMessage: (message: Message) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  process.stdin.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      const message: Message = JSON.parse(rest.toString('utf8', start, end));
      start = end + 1;
      onMessage(message);
    }
    rest = rest.subarray(start);
  });
  process.stdin.on('end', () => process.exit(0));
}

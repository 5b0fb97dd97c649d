/** Each verb for frames works on whole messages of a WebSocket and leaves the stream well-formed. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { parseToxic, type ToxicRequest } from '../../../src/soak/proxy/index.ts';
import { createFraming } from '../../../src/soak/proxy/framing.ts';
import { seededRandom } from '../../../src/soak/random.ts';
import { frameScene, texts } from './scene.ts';

const toxic = (type: string, toxicity: number, more: Partial<ToxicRequest> = {}) =>
  parseToxic({ type, toxicity, ...more });

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `message ${i}`);

/** Sends all, then takes the toxics away and sends the last one, so that it is certain to arrive. */
async function sent(type: string, toxicity: number, more: Partial<ToxicRequest> = {}) {
  const scene = await frameScene({ toxics: [toxic(type, toxicity, more)], seed: 3 });
  const isUp = more.stream === 'upstream';
  const [from, to] = isUp ? [scene.socket, scene.peer] : [scene.peer, scene.socket];
  const heard = texts(to);
  for (const text of numbers(200)) from.send(text);
  // Frames of one direction pass in one go; a pong comes back behind all of them.
  from.ping();
  await once(from, 'pong');
  scene.proxy.toxics.clear();
  // What is still held back comes behind a few others.
  for (let i = 0; i < 10; i += 1) from.send('more');
  from.send('last');
  await heard.until('last');
  const seen = heard.seen.filter((text) => text !== 'last' && text !== 'more');
  return { ...scene, heard: seen, from, to };
}

test.each(['upstream', 'downstream'])('drop loses its part of the messages, %s', async (stream) => {
  const { heard, proxy, faults } = await sent('drop', 0.2, { stream });
  const dropped = proxy.stats.faults.drop!;
  expect(dropped).toBeGreaterThan(20);
  expect(heard.length).toBe(200 - dropped);
  expect(heard).toEqual(numbers(200).filter((text) => heard.includes(text)));
  expect(faults.every((fault) => fault.stream === stream && fault.type === 'drop')).toBe(true);
});

test('duplicate brings some twice, at once', async () => {
  const { heard, proxy } = await sent('duplicate', 0.2);
  expect(heard.length).toBe(200 + proxy.stats.faults.duplicate!);
  expect([...new Set(heard)]).toEqual(numbers(200));
});

test('duplicate with a delay brings the copy behind others', async () => {
  const attributes = { delay: 1 };
  const scene = await frameScene({ toxics: [toxic('duplicate', 1, { attributes })] });
  const heard = texts(scene.socket);
  scene.peer.send('one');
  scene.peer.send('two');
  while (heard.seen.length < 4) await once(scene.socket, 'message');
  expect(heard.seen).toEqual(['one', 'two', 'one', 'two']);
});

test('reorder moves messages behind others and loses none', async () => {
  const { heard, proxy } = await sent('reorder', 0.2, { attributes: { window: 4 } });
  expect(proxy.stats.faults.reorder).toBeGreaterThan(20);
  expect(heard).not.toEqual(numbers(200));
  expect(heard.toSorted()).toEqual(numbers(200).toSorted());
});

test('a message held back with nothing behind it still comes', async () => {
  const toxics = [toxic('reorder', 1, { attributes: { window: 9, delay: 10 } })];
  const { socket, peer } = await frameScene({ toxics });
  const heard = texts(socket);
  peer.send('alone');
  expect(await heard.until('alone')).toEqual(['alone']);
});

test.each(['upstream', 'downstream'])('garbage comes between, %s', async (stream) => {
  const { heard, proxy } = await sent('garbage', 0.1, { stream, attributes: { size: 300 } });
  const noise = heard.filter((text) => !text.startsWith('message '));
  expect(noise.length).toBe(proxy.stats.faults.garbage);
  expect(noise.every((text) => text.length === 300)).toBe(true);
  expect(heard.filter((text) => text.startsWith('message '))).toEqual(numbers(200));
});

test.each(['upstream', 'downstream'])('truncate leaves a beginning, %s', async (stream) => {
  const { heard, proxy } = await sent('truncate', 0.2, { stream });
  const short = heard.filter((text, index) => text !== `message ${index}`);
  expect(short.length).toBe(proxy.stats.faults.truncate);
  expect(heard.every((text, index) => `message ${index}`.startsWith(text))).toBe(true);
});

test('truncate with close ends the connection behind the beginning', async () => {
  const toxics = [toxic('truncate', 1, { attributes: { close: 1 } })];
  const { socket, peer } = await frameScene({ toxics });
  const heard = texts(socket);
  peer.send('a message that ends too soon');
  await once(socket, 'close');
  expect(heard.seen.length).toBe(1);
  expect('a message that ends too soon'.startsWith(heard.seen[0]!)).toBe(true);
});

test('frames are found however the bytes are cut, fragments and long ones too', async () => {
  const toxics = [
    toxic('slicer', 1, { stream: 'upstream', attributes: { average_size: 7, size_variation: 6 } }),
    toxic('slicer', 1, { attributes: { average_size: 900, size_variation: 600 } }),
  ];
  const { socket, peer } = await frameScene({ toxics });
  peer.on('message', (data) => peer.send((data as Buffer).toString()));
  const heard = texts(socket);
  const long = 'é'.repeat(40_000);
  socket.send('frag', { fin: false });
  socket.ping();
  socket.send('mented', { fin: true });
  socket.send('x'.repeat(200));
  socket.send(long);
  expect(await heard.until(long)).toEqual(['fragmented', 'x'.repeat(200), long]);
});

test('a line framing gives back the bytes it was given, frame by frame', () => {
  const framing = createFraming('lines', 'upstream', 20);
  const bytes = Buffer.from('{"a":1}\n{"b":2}\r\nabcdefghijklmnopqrstuvwxyz\nlast\nrest');
  const pieces = [...bytes].flatMap((byte) => framing.push(Buffer.from([byte])));
  expect(Buffer.concat([...pieces.map((piece) => piece.bytes), framing.flush()])).toEqual(bytes);
  const frames = pieces.filter((piece) => piece.isFrame).map(({ bytes }) => String(bytes));
  expect(frames).toEqual(['{"a":1}\n', '{"b":2}\r\n', 'last\n']);
  expect(String(framing.truncate(Buffer.from('abcdef\n'), 0.5))).toBe('abc\n');
  expect(String(framing.garbage(5, seededRandom(1).next))).toMatch(/^[!-~]{5}\n$/);
});

test('plain HTTP through a websocket framing has no frames', () => {
  const framing = createFraming('websocket', 'upstream', 1_000);
  const bytes = Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
  const pieces = [bytes.subarray(0, 10), bytes.subarray(10)].flatMap((part) => framing.push(part));
  expect(Buffer.concat(pieces.map((piece) => piece.bytes))).toEqual(bytes);
  expect(pieces.some((piece) => piece.isFrame)).toBe(false);
  expect(framing.garbage(5, seededRandom(1).next)).toBeNull();
});

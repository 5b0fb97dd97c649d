/** The stdio transport against real children and misbehaving streams: EPIPE, truncation, floods, stuck ends. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { SessionMeshError } from '../../src/errors.ts';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import { StdioTransport } from '../../src/rpc/stdio.ts';
import { createFakeEnv } from './fake-env.ts';
import { createRecorder } from './recorder.ts';

const limits: Limits = { ...defaultLimits, frameBytesMax: 100_000 };

/** A real process that runs `script`, and is gone when the test is. */
function startChild(script: string): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--eval', script], { stdio: 'pipe' });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

function openChild(script: string) {
  const child = startChild(script);
  const env = createFakeEnv();
  const transport = new StdioTransport({ input: child.stdout, output: child.stdin, env, limits });
  const recorder = createRecorder();
  transport.start(recorder);
  return { child, env, transport, recorder };
}

test('frames go to a real child and come back, and closing lets it exit by itself', async () => {
  const { child, env, transport, recorder } = openChild('process.stdin.pipe(process.stdout)');
  const exited = once(child, 'exit');
  const frames = ['{"a":"é😀"}', `{"b":"${'x'.repeat(90_000)}"}`, '{}'];
  for (const frame of frames) transport.send(frame);
  await recorder.until(() => recorder.frames.length === 3);
  expect(recorder.frames).toEqual(frames);
  await transport.close();
  expect(await exited).toEqual([0, null]);
  expect(env.timers).toBe(0);
});

test('writing to a child that is gone closes the stream and throws nothing at the process', async () => {
  const { child, transport, recorder } = openChild('process.exit(3)');
  const gone = once(child, 'close');
  transport.send('{}');
  await recorder.until(() => recorder.closes.length > 0);
  await transport.close();
  await gone;
  expect(recorder.closes.map(({ code }) => code)).toEqual(['stream_closed']);
});

test('a child that closes its stdin but lives on closes the stream with EPIPE', async () => {
  const { child, transport, recorder } = openChild(
    "require('fs').closeSync(0); process.stdout.write('ready\\n'); setInterval(() => {}, 1000)",
  );
  await recorder.until(() => recorder.frames.includes('ready'));
  transport.send('{}');
  await recorder.until(() => recorder.closes.length > 0);
  expect(recorder.closes[0]).toMatchObject({ code: 'stream_closed', cause: { code: 'EPIPE' } });
  await transport.close();
  expect(child.stdout.destroyed && child.stdin.destroyed).toBe(true);
});

test('a frame cut off by the end of the stream is counted and dropped', async () => {
  const { recorder } = openChild('process.stdout.write(\'{"whole":1}\\n{"cut":\')');
  await recorder.until(() => recorder.closes.length > 0);
  expect(recorder.frames).toEqual(['{"whole":1}']);
  expect(recorder.garbage).toEqual(['frame_truncated']);
});

test('a line that never ends closes the stream at the bound', async () => {
  const { child, transport, recorder } = openChild(
    "process.stdout.write('{}\\n');" +
      'const flood = (error) => error ? process.exit() : process.stdout.write(filler, flood);' +
      "const filler = 'x'.repeat(65536); process.stdout.on('error', () => {}); flood()",
  );
  const exited = once(child, 'exit');
  await recorder.until(() => recorder.closes.length > 0);
  await transport.close();
  expect(recorder.frames).toEqual(['{}']);
  expect(recorder.closes.map(({ code }) => code)).toEqual(['frame_too_long']);
  await exited;
});

test('a child that neither reads nor exits is cut once the time to close is over', async () => {
  const { env, transport, recorder, child } = openChild(
    "process.stdout.write('ready\\n'); setInterval(() => {}, 1000)",
  );
  await recorder.until(() => recorder.frames.includes('ready'));
  const closed = transport.close();
  expect(env.timers).toBe(1);
  env.advance(limits.streamCloseMs);
  await closed;
  expect(child.stdout.destroyed && child.stdin.destroyed).toBe(true);
  expect(env.timers).toBe(0);
});

test('a child that has much to say when it ends can do so, though nobody listens any more', async () => {
  const child = startChild(
    "process.stdin.resume().on('end', () => process.stdout.write('x'.repeat(1e6), () => process.exit(7)))",
  );
  const exited = once(child, 'exit');
  const env = createFakeEnv();
  const transport = new StdioTransport({ input: child.stdout, output: child.stdin, env, limits });
  await transport.close();
  expect(await exited).toEqual([7, null]);
});

test('streams that were gone before are reported as closed', async () => {
  for (const gone of ['input', 'output'] as const) {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    streams[gone].destroy();
    await once(streams[gone], 'close');
    const recorder = createRecorder();
    const transport = new StdioTransport({ ...streams, env: createFakeEnv(), limits });
    transport.start(recorder);
    expect(recorder.closes).toEqual([]);
    await recorder.until(() => recorder.closes.length > 0);
    expect(recorder.closes.map(({ code }) => code)).toEqual(['stream_closed']);
  }
});

test('frames of one tick leave in one write', async () => {
  const writes: string[] = [];
  const output = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      writes.push(chunk);
      done();
    },
  });
  const input = new PassThrough();
  const transport = new StdioTransport({ input, output, env: createFakeEnv(), limits });
  transport.start(createRecorder());
  transport.send('1');
  transport.send('2');
  expect(writes).toEqual([]);
  await Promise.resolve();
  transport.send('3');
  await Promise.resolve();
  expect(writes).toEqual(['1\n2\n', '3\n']);
});

test('after the close no listener is left but the one that swallows late errors', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const before = ['data', 'end', 'close', 'error'].map((event) => input.listenerCount(event));
  const transport = new StdioTransport({ input, output, env: createFakeEnv(), limits });
  const recorder = createRecorder();
  transport.start(recorder);
  const cause = new SessionMeshError('mesh_closed');
  await transport.close(cause);
  const after = ['data', 'end', 'close', 'error'].map((event) => input.listenerCount(event));
  expect(after).toEqual([before[0], before[1], before[2], before[3]! + 1]);
  expect(() =>
    [input, output].map((stream) => stream.emit('error', new Error('late'))),
  ).not.toThrow();
  expect(recorder.closes).toEqual([cause]);
});

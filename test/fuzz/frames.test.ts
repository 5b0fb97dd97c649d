/** Whatever bytes come over a stream, frames come out or the stream ends with a reason. */
import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { isSessionMeshError } from '../../src/errors.ts';
import { systemEnv } from '../../src/env.ts';
import { defaultLimits } from '../../src/limits.ts';
import { StdioTransport } from '../../src/rpc/stdio.ts';
import { campaignTimeoutMs, runCampaign } from './campaign.ts';
import { almost } from './json-fuzz.ts';

/** Small, so that many frames are beyond it. */
const limits = { ...defaultLimits, frameBytesMax: 4_096 };

const request = almost({ id: 1, method: 'item/tool/call', params: { threadId: 't' } });

const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  request.map((message) => Buffer.from(`${JSON.stringify(message)}\n`)),
  fc
    .tuple(request, fc.nat(60))
    .map(([message, length]) => Buffer.from(JSON.stringify(message)).subarray(0, length)),
  fc.nat(5_000).map((length) => Buffer.alloc(length, 0x20)),
  fc.constantFrom('\n', '\r\n', '\ufeff', '[]\n', 'null\n').map((text) => Buffer.from(text)),
);

test(
  'bytes of any kind, cut anywhere, neither throw nor hang, and are never held beyond the bound',
  async () => {
    const property = fc.asyncProperty(fc.array(chunk, { maxLength: 20 }), async (chunks) => {
      const input = new PassThrough();
      const transport = new StdioTransport({
        input,
        output: new PassThrough(),
        env: systemEnv,
        limits,
      });
      const frames: string[] = [];
      const closed = new Promise<unknown>((resolve) => {
        transport.start({
          onFrame: (text) => void frames.push(text),
          onGarbage: () => {},
          onClose: resolve,
        });
      });
      for (const bytes of chunks) input.write(bytes);
      input.end();
      const cause = await closed;
      expect(isSessionMeshError(cause)).toBe(true);
      for (const frame of frames) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(4_096 * 3);
    });
    await runCampaign(property, 150);
  },
  campaignTimeoutMs,
);

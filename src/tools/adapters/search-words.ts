/** From a text to the words that a search compares. */
import { stem } from 'porter2';

/** The English stop words of the Natural Language Toolkit, single letters and halves of contractions too. */
const stopWords = new Set(
  (
    'i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her ' +
    'hers herself it its itself they them their theirs themselves what which who whom this that these ' +
    'those am is are was were be been being have has had having do does did doing a an the and but if or ' +
    'because as until while of at by for with about against between into through during before after ' +
    'above below to from up down in out on off over under again further then once here there when where ' +
    'why how all any both each few more most other some such no nor not only own same so than too very ' +
    "s t can will just don should now d ll m o re ve y ain you're you've you'll you'd she's it's that'll " +
    "don't should've aren aren't couldn couldn't didn didn't doesn doesn't hadn hadn't hasn hasn't haven " +
    "haven't isn isn't ma mightn mightn't mustn mustn't needn needn't shan shan't shouldn shouldn't " +
    "wasn wasn't weren weren't won won't wouldn wouldn't"
  ).split(' '),
);

/** Latin letters and punctuation that have an ASCII form but no decomposition to it. */
const foldings = new Map(
  Object.entries({
    ß: 'ss',
    æ: 'ae',
    œ: 'oe',
    ø: 'o',
    đ: 'd',
    ð: 'd',
    þ: 'th',
    ł: 'l',
    ħ: 'h',
    ı: 'i',
    ŋ: 'ng',
    '‘': "'",
    '’': "'",
    '–': '-',
    '—': '-',
  }),
);

/**
 * `text` in lower case, Latin letters folded to ASCII. Letters of other scripts stay, so they are found
 * by themselves only.
 */
function fold(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^\0-\x7f]/gu, (character) => foldings.get(character) ?? character);
}

/**
 * Runs of letters, digits and underscores, joined by what does not end a word inside one: a point or
 * an apostrophe between two letters or two digits, a colon between letters, a comma or semicolon
 * between digits. Ideographs stand alone.
 */
const wordPattern = (() => {
  const ideograph = '[\\p{Script=Han}\\p{Script=Hiragana}]';
  const letter = `[\\p{L}--${ideograph}]`;
  const run = `[[\\p{L}\\p{Nd}_]--${ideograph}]+`;
  const inLetters = `(?<=${letter})[.':](?=${letter})`;
  const inDigits = `(?<=\\p{Nd})[.',;](?=\\p{Nd})`;
  return new RegExp(`${ideograph}|${run}(?:(?:${inLetters}|${inDigits})${run})*`, 'gv');
})();

/** The stems of the words of `text`, in order, stop words left out. */
export function searchWords(text: string): readonly string[] {
  const words = fold(text).match(wordPattern) ?? [];
  return words.filter((word) => /[^_]/.test(word) && !stopWords.has(word)).map(stem);
}

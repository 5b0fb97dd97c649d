/** How wide a text is, without a browser: the advance widths of Helvetica, which Arial and its kin share. */

/** In thousandths of the font size. */
const advances: readonly (readonly [width: number, characters: string])[] = [
  [222, 'ijl'],
  [278, ' !,./:;I[]\\ft'],
  [333, '()-`r'],
  [389, '*'],
  [500, 'Jcksvxyz'],
  [584, '+<=>~'],
  [611, 'FTZ'],
  [667, '&ABEKPSVXY'],
  [722, 'CDHNRUw'],
  [778, 'GOQ'],
  [833, 'Mm'],
  [889, '%'],
  [944, 'W'],
  [1015, '@'],
];

const advanceOf = new Map(
  advances.flatMap(([width, characters]) => Array.from(characters, (c) => [c, width] as const)),
);

/** Digits and most small letters; also what is taken for a character that the table lacks. */
const advanceUsual = 556;

/** Bold letters are wider, and other fonts than Helvetica a little too. */
const boldFactor = 1.08;
const slackFactor = 1.03;

export interface Font {
  readonly sizePx: number;
  readonly bold: boolean;
}

/** The width of one line of text in whole pixels, rounded up. */
export function textWidth(text: string, { sizePx, bold }: Font): number {
  const units = Array.from(text, (c) => advanceOf.get(c) ?? advanceUsual).reduce(
    (a, b) => a + b,
    0,
  );
  return Math.ceil((units / 1000) * sizePx * slackFactor * (bold ? boldFactor : 1));
}

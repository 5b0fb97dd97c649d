/** Turns the text of a doc comment into the text a model reads. */

/** `{@link Target}` and `{@link Target | words}` become their words. */
function replaceLinks(text: string): string {
  return text.replace(
    /\{@(?:link|linkcode|linkplain)\s+([^}|\s]+)(?:\s*\|\s*|\s+)?([^}]*)\}/g,
    (_whole, target: string, words: string) => words.trim() || target,
  );
}

/** Joins lines that were broken only because the source has a margin; lists and code keep theirs. */
function unwrap(text: string): string {
  let isCode = false;
  return text.split('\n').reduce((joined, line) => {
    const startsBlock = /^\s*([-*+]|\d+[.)]|#+|>|\|)\s/.test(line);
    const isFence = line.trimStart().startsWith('```');
    const keepsBreak =
      isCode || isFence || startsBlock || line.trim() === '' || /(^|\n)\s*(```.*)?$/.test(joined);
    if (isFence) isCode = !isCode;
    return keepsBreak ? `${joined}\n${line.trimEnd()}` : `${joined} ${line.trim()}`;
  }, '');
}

/** Plain text: links resolved, TSDoc escapes undone, paragraphs on one line each. */
export function readProse(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').trim();
  const unescaped = unwrap(replaceLinks(lines)).replace(/\\([@{}<>/])/g, '$1');
  return unescaped.replace(/\n{3,}/g, '\n\n').trim();
}

/** The names that the methods of Codex have on the stream: `item/tool/call` is `item.tool.call` there. */

function nameOfSegment(segment: string): string {
  const words = segment
    .trim()
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/_+/g, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
  return words === '' ? 'unknown' : words;
}

/**
 * The event name of a method: segments joined by dots, words of a segment by underscores, in lower case;
 * an empty segment is `unknown`.
 */
export function eventName(method: string): string {
  return method.split('/').map(nameOfSegment).join('.');
}

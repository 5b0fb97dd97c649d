/** JSON that is almost what somebody expects. */
import fc from 'fast-check';

/** What parsers trip over, wherever a string may stand. */
const awkwardText = fc.constantFrom(
  '',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '%00',
  'é'.repeat(300),
  '9'.repeat(40),
);

const awkwardNumber = fc.constantFrom(0, -0, -1, 0.5, 1e308, 2 ** 53, -(2 ** 31));

/** Any JSON value, awkward ones more often than by chance. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  awkwardText,
  awkwardNumber,
  fc.constantFrom(null, true, false, [], {}),
  fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 30 }),
);

/** `sound` with some of its members replaced, removed or joined by strange ones. */
export function almost(sound: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const names = Object.keys(sound);
  const change = fc.tuple(fc.constantFrom(...names, 'extra', '__proto__'), fc.option(anyJson));
  return fc.array(change, { maxLength: 3 }).map((changes) => {
    const members = new Map<string, unknown>(Object.entries(sound));
    for (const [name, value] of changes) {
      if (value === null) members.delete(name);
      else members.set(name, value);
    }
    // As text, because an object literal cannot have `__proto__` as a member of its own.
    const text = [...members].map(
      ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
    );
    return JSON.parse(`{${text.join(',')}}`);
  });
}

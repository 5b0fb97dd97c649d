/** Which Node the commands need. Imports nothing, so that any Node can load it. */

const oldestNode = [22, 18] as const;

/** The oldest Node that will do, for people. The same as `engines` of package.json. */
export const oldestNodeText = oldestNode.join('.');

/** Why the Node of that version cannot run the commands, and what can; null if it can. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isNewEnough) return null;
  return `needs Node ${oldestNodeText} or newer, and this is Node ${version}`;
}

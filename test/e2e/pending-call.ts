/** A user's program that is interrupted while its tool runs: what `command.test.ts` sends Ctrl-C to. */
import { createMesh, tool } from 'sessionmesh';

const mesh = await createMesh();
process.once('SIGINT', () => void mesh.close({ graceMs: 100 }));
const forever = tool({
  name: 'forever',
  description: 'Never ends.',
  execute: () => {
    console.log('pending');
    return new Promise<void>(() => {});
  },
});
const session = await mesh.createSession({ tools: [forever] });
await session.sendAndHandle('go');

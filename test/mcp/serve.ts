/** `sessionmesh mcp`, as a program of its own: `serve.ts MODULE [OPTIONS-AS-JSON]`. */
import { runMcpCommand } from '../../src/cli/mcp.ts';

const [module = '', options = '{}'] = process.argv.slice(2);
await runMcpCommand(module, JSON.parse(options) as object);

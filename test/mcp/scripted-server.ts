/**
 * A server on the official package whose ways are known: `scripted-server.ts [WAY…]`. `stubborn` ignores
 * the end of its stdin and SIGTERM, `modern` knows the newest protocol only, `noisy` prints what is no
 * message, `wordy` has much to say of itself.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const ways = process.argv.slice(2);
const textOf = (text: string) => ({ content: [{ type: 'text' as const, text }] });

if (ways.includes('stubborn')) {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1_000);
}

if (ways.includes('noisy')) {
  process.stdout.write('Welcome!\n{"progress":50}\n\n[1,2]\n');
}

function createServer(): McpServer {
  const server = new McpServer(
    { name: 'scripted', version: '1.0.0' },
    {
      capabilities: { tools: { listChanged: true } },
      ...(ways.includes('wordy') ? { instructions: 'word '.repeat(1_000) } : {}),
    },
  );
  server.registerTool('pid', { description: 'Names its process.' }, () =>
    textOf(String(process.pid)),
  );
  server.registerTool('die', { description: 'Ends its process.' }, () => {
    process.stderr.write('I have had enough\n');
    process.exit(3);
  });
  server.registerTool('grow', { description: 'Registers another tool.' }, () => {
    server.registerTool('grown', {}, () => textOf('grown'));
    return textOf('grew');
  });
  server.registerTool('nothing', { description: 'Returns nothing.' }, () => ({ content: [] }));
  return server;
}

serveStdio(createServer, { legacy: ways.includes('modern') ? 'reject' : 'serve' });

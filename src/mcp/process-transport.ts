/** MCP messages over the stdin and stdout of a server's process. */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { ClientPackage } from './sdk.ts';
import type { Child } from '../rpc/child.ts';

/**
 * One message a line. The package has a transport of its own for this, which ends the process it
 * started but not what that one started in turn; so this one is used.
 */
export class ProcessTransport implements Transport {
  onclose?: Transport['onclose'];
  onerror?: Transport['onerror'];
  onmessage?: Transport['onmessage'];
  /** With `pid`, how the package tells this kind of transport from one over HTTP. */
  readonly stderr = null;
  readonly #process: Child;
  readonly #limits: Limits;
  readonly #serialize: ClientPackage['serializeMessage'];
  readonly #received: InstanceType<ClientPackage['ReadBuffer']>;

  constructor(process: Child, sdk: ClientPackage, limits: Limits) {
    this.#process = process;
    this.#limits = limits;
    this.#serialize = sdk.serializeMessage;
    this.#received = new sdk.ReadBuffer({ maxBufferSize: limits.frameBytesMax });
  }

  get pid(): number {
    return this.#process.pid;
  }

  async start(): Promise<void> {
    const { stdout, exited } = this.#process;
    stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    // Without its stdout a server is of no use, whether it lives or not.
    stdout.once('end', () => void this.close());
    void exited.then(() => this.onclose?.());
  }

  /**
   * @throws SessionMeshError `stream_closed` or `send_buffer_full` for a server that is gone, or reads too
   * slowly: it will not see the message.
   */
  async send(message: JSONRPCMessage): Promise<void> {
    const { stdin, ending } = this.#process;
    if (ending !== null || !stdin.writable) {
      throw new SessionMeshError('stream_closed', { found: 'the end of the server' });
    }
    if (stdin.writableLength > this.#limits.sendBufferBytesMax) {
      throw new SessionMeshError('send_buffer_full', { found: `${stdin.writableLength} bytes` });
    }
    stdin.write(this.#serialize(message));
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  #receive(chunk: Buffer): void {
    try {
      this.#received.append(chunk);
    } catch (error) {
      // A line beyond the bound: what follows cannot be told from it.
      this.#report(error);
      void this.close();
      return;
    }
    while (this.#receiveNext());
  }

  /** Whether there may be another message. A line that is none is reported and skipped. */
  #receiveNext(): boolean {
    try {
      const message = this.#received.readMessage();
      if (message === null) return false;
      this.onmessage?.(message);
    } catch (error) {
      this.#report(error);
    }
    return true;
  }

  #report(error: unknown): void {
    this.onerror?.(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A Codex as the runtimes have it without a service: a child of each runtime, or one behind a socket. */
import { SessionMeshError } from '../../errors.ts';
import { AppServerHost } from '../../hosts/app-server/host.ts';
import type { Dialer, Wire } from '../../hosts/app-server/wire.ts';
import type { HostFactory } from '../../hosts/host.ts';
import { CodexServer } from './codex-server.ts';
import { Connection } from './connection.ts';
import type { Mind, WaitingCall } from './mind.ts';
import { wakeMind, watchProcess, type Place, type Stage } from './place.ts';
import { SimProcess } from './process.ts';

/** Frames that Codex keeps for a client that does not read, before it cuts it off. */
const unreadMax = 256;

/** One Codex process. */
interface Codex {
  readonly process: SimProcess;
  readonly mind: Mind;
  readonly server: CodexServer;
}

/** A place with app-servers. */
export class CodexPlace implements Place {
  readonly #stage: Stage;
  readonly #isChild: boolean;
  readonly #alive = new Set<Codex>();
  #connections: Connection[] = [];
  #starts = 0;
  /** The one behind the socket, once it listens. */
  #listening: Codex | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#isChild = stage.scenario.topology === 'child';
    if (!this.#isChild) this.#listen();
  }

  hostFor(runtime: SimProcess): HostFactory {
    const dialer = this.#isChild ? this.#childDialer(runtime) : this.#socketDialer(runtime);
    return (context) => new AppServerHost({ dialer, onQuestion: undefined }, context);
  }

  connections(): readonly Connection[] {
    this.#connections = this.#connections.filter(({ isOver }) => !isOver);
    return this.#connections;
  }

  restart(): boolean {
    const [codex] = this.#alive;
    if (!codex) return false;
    const { dice, world } = this.#stage;
    const over = dice.lasts('restart', codex.process.name);
    codex.process.end();
    if (this.#isChild) over();
    else {
      const maxMs = dice.isResting ? 0 : (dice.plan['slow-start'] ?? 0);
      if (maxMs > 0) dice.began('slow-start', 'codex');
      const downMs = 200 + dice.random.next() * maxMs;
      world.schedule(dice.isResting ? downMs : dice.within(downMs), () => {
        this.#listen();
        over();
      });
    }
    return true;
  }

  forsake(sessionId: string): void {
    for (const { mind, process } of this.#alive) {
      const thread = mind.thread(sessionId);
      if (thread?.writer === process) mind.deleteThread(thread);
    }
  }

  renewToken(): void {
    // The app-server of a socket is given its token when it starts.
  }

  waiting(): readonly WaitingCall[] {
    return [...this.#alive].flatMap(({ mind }) => [...mind.waiting.values()]);
  }

  gauges(): Readonly<Record<string, number>> {
    return {
      connections: this.connections().length,
      clients: [...this.#alive].reduce((sum, { server }) => sum + server.clients, 0),
      children: this.#isChild ? this.#alive.size : 0,
    };
  }

  #start(): Codex {
    const { world, dice } = this.#stage;
    this.#starts += 1;
    const process = new SimProcess(world, `codex-${this.#starts}`);
    watchProcess(this.#stage, process, { kind: 'codex' });
    const epoch = process.name;
    const mind = wakeMind(this.#stage, process, { epoch, requestIdOf: (number) => number });
    const server = new CodexServer(mind, process, 1_000 + this.#starts, dice);
    const codex = { process, mind, server };
    this.#alive.add(codex);
    process.whenDead(() => {
      this.#alive.delete(codex);
      if (this.#listening === codex) this.#listening = null;
    });
    return codex;
  }

  #listen(): void {
    this.#listening ??= this.#start();
  }

  #connect(client: SimProcess, codex: Codex, onClose: () => void): Connection {
    const { dice, limits } = this.#stage;
    const connection = new Connection({
      name: `${client.name} to ${codex.process.name}`,
      client,
      server: codex.process,
      dice,
      limits,
      unreadMax: this.#isChild ? Infinity : unreadMax,
      isLossy: false,
      latencyMs: this.#isChild ? 0.5 : 3,
    });
    codex.server.accept(connection, onClose);
    this.#connections.push(connection);
    return connection;
  }

  #childDialer(runtime: SimProcess): Dialer {
    return {
      name: 'simulated codex over stdio',
      ownsServer: true,
      dial: async (signal) => {
        await pause(runtime, 150 + this.#stage.dice.random.next() * 200, signal);
        if (!runtime.isAlive) throw new SessionMeshError('host_start_failed');
        const codex = this.#start();
        // A child ends with its stdin.
        const connection = this.#connect(runtime, codex, () => codex.process.end());
        return childWire(runtime, connection, codex.process);
      },
    };
  }

  #socketDialer(runtime: SimProcess): Dialer {
    return {
      name: 'simulated codex at a socket',
      ownsServer: false,
      dial: async (signal) => {
        await pause(runtime, 2 + this.#stage.dice.lateness(runtime.name), signal);
        const codex = this.#listening;
        if (!codex)
          throw new SessionMeshError('host_unreachable', { found: 'a refused connection' });
        const { transport } = this.#connect(runtime, codex, () => {});
        return {
          transport,
          close: () => transport.close(),
          async explain(cause) {
            await transport.close(cause);
            return cause;
          },
        };
      },
    };
  }
}

/** The wire to a child: nothing of the child is left once it is closed. */
function childWire(runtime: SimProcess, { transport }: Connection, child: SimProcess): Wire {
  const release = async (cause?: SessionMeshError): Promise<void> => {
    await transport.close(cause);
    await new Promise<void>((resolve) => {
      runtime.after(20, () => {
        child.end();
        resolve();
      });
    });
  };
  return {
    transport,
    close: () => release(),
    async explain(cause) {
      await release(cause);
      return cause;
    },
  };
}

/** Waits in the time of a process; rejects with the signal's reason if that aborts first. */
export function pause(process: SimProcess, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      process.world.cancel(entry);
      reject(signal.reason);
    };
    const entry = process.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

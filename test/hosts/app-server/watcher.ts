/** Takes what a host emits, answers its calls, and lets a test wait for what it is about. */
import { systemEnv, type Env } from '../../../src/env.ts';
import { messageOf } from '../../../src/errors.ts';
import type {
  AnswerVerdict,
  Host,
  HostCall,
  HostFactory,
  HostSignal,
} from '../../../src/hosts/host.ts';
import { resolveLimits, type Limits } from '../../../src/limits.ts';
import type { ToolOutput } from '../../../src/tools/contract.ts';

export type SignalOf<Type extends HostSignal['type']> = Extract<HostSignal, { type: Type }>;

export const textOutput = (text: string, success = true): ToolOutput => ({
  success,
  contentItems: [{ type: 'inputText', text }],
});

export interface WatchedHostOptions {
  readonly limits?: Partial<Limits>;
  readonly env?: Env;
  /** The answer to a call, given in the tick in which it came; undefined leaves it open. */
  readonly answer?: (call: HostCall) => ToolOutput | undefined;
}

/** A host, everything it said so far, and its log. Dispose of it to close it. */
export function watchHost(factory: HostFactory, options: WatchedHostOptions = {}) {
  const signals: HostSignal[] = [];
  const logged: string[] = [];
  const verdicts: (AnswerVerdict | Promise<AnswerVerdict>)[] = [];
  const watchers = new Set<() => void>();
  const log = (fields: object, message: string) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const limits = resolveLimits(options.limits);
  const host: Host = factory({
    env: options.env ?? systemEnv,
    limits,
    logger: { debug: log, info: log, warn: log, error: log },
    emit(signal) {
      signals.push(signal);
      if (signal.type === 'call.requested') {
        const output = options.answer?.(signal.call);
        if (output) verdicts.push(host.answer(signal.call, output));
      }
      for (const watcher of watchers) watcher();
    },
  });
  const all = <Type extends HostSignal['type']>(type: Type): SignalOf<Type>[] =>
    signals.filter((signal): signal is SignalOf<Type> => signal.type === type);

  /** The first signal of a type, also one that came before, that `matches`. */
  function until<Type extends HostSignal['type']>(
    type: Type,
    matches: (signal: SignalOf<Type>) => boolean = () => true,
  ): Promise<SignalOf<Type>> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = all(type).find(matches);
        if (!found) return;
        finish();
        resolve(found);
      };
      const late = setTimeout(() => {
        finish();
        reject(new Error(`no ${type}; so far:\n${describe()}`));
      }, 12_000);
      const finish = () => {
        clearTimeout(late);
        watchers.delete(look);
      };
      watchers.add(look);
      look();
    });
  }
  const describe = () =>
    [...signals.map((signal) => JSON.stringify(signal, replaceErrors)), ...logged].join('\n');

  return {
    host,
    limits,
    signals,
    logged,
    verdicts,
    all,
    until,
    describe,
    types: () => signals.map(({ type }) => type),
    turnEnded: (turnId: string) => until('turn.ended', (signal) => signal.turnId === turnId),
    [Symbol.asyncDispose]: () => host.close(),
  };
}

const replaceErrors = (_key: string, value: unknown): unknown =>
  value instanceof Error ? messageOf(value) : value;

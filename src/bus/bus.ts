/**
 * The bus: what hosts signal and what becomes of it, for whoever watches.
 *
 * It carries taps, not deliveries. A signal reaches its session by one Map lookup in the mesh, because
 * a subscription per session costs O(sessions) per signal.
 */
import { Subject, type Observable } from 'rxjs';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { GuardedObservable } from './guarded-observable.ts';

/** One stream of values with guarded observers. */
export interface Bus<Value> {
  /** Whether anybody watches: the price of making a value can be saved when nobody does. */
  readonly observed: boolean;
  /** Delivers synchronously, in the order of publication. Never throws. */
  publish(value: Value): void;
  readonly values$: Observable<Value>;
  /** Completes every observer; later values go nowhere. Idempotent. */
  close(): void;
}

/** Makes a bus. An observer that throws is cut off and logged, and nobody else notices. */
export function createBus<Value>(logger: Logger): Bus<Value> {
  const subject = new Subject<Value>();
  const values$ = new GuardedObservable<Value>(
    (thrown) => logger.error({ error: messageOf(thrown) }, 'an observer threw and was cut off'),
    (subscriber) => subject.subscribe(subscriber),
  );
  return {
    get observed() {
      return subject.observed;
    },
    publish: (value) => subject.next(value),
    values$,
    close: () => subject.complete(),
  };
}

/**
 * An Observable whose consumers cannot hurt the process. RxJS rethrows what a consumer throws, and an
 * error nobody handles, on a later tick, where it ends the process and with it every session.
 */
import { Observable, Subscriber, type Observer, type Operator, type Subscription } from 'rxjs';

type Consumer<Value> = Partial<Observer<Value>> | ((value: Value) => void) | null | undefined;

/** Told about what a consumer threw, or an error of a pipe that nobody handles. */
export type ConsumerFault = (thrown: unknown) => void;

function callbacksOf<Value>(consumer: Consumer<Value>): Partial<Observer<Value>> {
  return typeof consumer === 'function' ? { next: consumer } : (consumer ?? {});
}

/**
 * Behaves as any Observable, pipes included, but a consumer that throws is unsubscribed and reported to
 * `onFault` instead.
 */
export class GuardedObservable<Value> extends Observable<Value> {
  readonly #onFault: ConsumerFault;

  constructor(
    onFault: ConsumerFault,
    subscribe?: (subscriber: Subscriber<Value>) => Subscription | void,
  ) {
    super(subscribe);
    this.#onFault = onFault;
  }

  // Every operator is applied through `lift`, so the whole pipe stays guarded.
  override lift<Result>(operator?: Operator<Value, Result>): Observable<Result> {
    const lifted = new GuardedObservable<Result>(this.#onFault);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    consumer?: Consumer<Value>,
    error?: ((thrown: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator subscribing to its source brings a Subscriber; only consumers at the end are wrapped.
    if (consumer instanceof Subscriber) return super.subscribe(consumer);
    const callbacks = callbacksOf(consumer);
    const onError = error ?? callbacks.error?.bind(callbacks);
    const onComplete = complete ?? callbacks.complete?.bind(callbacks);
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (thrown) {
        subscriber.unsubscribe();
        this.#onFault(thrown);
      }
    };
    const subscriber = new Subscriber<Value>({
      next: (value) => attempt(() => callbacks.next?.(value)),
      error: (thrown: unknown) =>
        onError ? attempt(() => onError(thrown)) : this.#onFault(thrown),
      complete: () => attempt(() => onComplete?.()),
    });
    return super.subscribe(subscriber);
  }
}

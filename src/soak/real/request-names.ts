/**
 * Calls go by other names on the two sides of a control service: Codex numbers its requests, the service
 * gives its own names to clients. A history has one name for each call, that of Codex.
 */
import type { HistoryRecord, WorldCall } from '../../history/record.ts';

type Ids = Pick<WorldCall, 'epoch' | 'requestId'>;

/** Calls whose names are remembered; the oldest is forgotten. */
const namesMax = 200_000;

export class RequestNames {
  readonly #isNeeded: boolean;
  readonly #names = new Map<string, string | number>();
  readonly #idsOf: (ids: Ids) => Ids | null;

  /**
   * @param isNeeded whether there is a service between the runtimes and Codex
   * @param idsOf who asked for a call of which its handler could not know that
   */
  constructor(isNeeded: boolean, idsOf: (ids: Ids) => Ids | null) {
    this.#isNeeded = isNeeded;
    this.#idsOf = idsOf;
  }

  /** The record with the request id of Codex in it. */
  translate(record: HistoryRecord): HistoryRecord {
    const { event } = record;
    if (event.type === 'world.handler.started' || event.type === 'world.handler.ended') {
      const ids = this.#idsOf(event);
      if (!ids) return record;
      const { epoch, requestId } = ids;
      return { ...record, event: { ...event, epoch, requestId } };
    }
    if (!this.#isNeeded) return record;
    if (event.type === 'world.call.issued') {
      this.#remember(`${event.turnId} ${event.callId}`, event.requestId);
      return record;
    }
    if (event.type === 'world.ledger.call') {
      const requestId = this.#names.get(`${event.turnId} ${event.callId}`) ?? event.requestId;
      return { ...record, event: { ...event, requestId } };
    }
    if (event.type !== 'mesh' || !('requestId' in event.event)) return record;
    const requestId = this.#names.get(`${event.event.turnId} ${event.event.callId}`);
    if (requestId === undefined) return record;
    return { ...record, event: { ...event, event: { ...event.event, requestId } } };
  }

  #remember(key: string, requestId: string | number): void {
    this.#names.set(key, requestId);
    const [oldest] = this.#names.keys();
    if (this.#names.size > namesMax && oldest !== undefined) this.#names.delete(oldest);
  }
}

/** What views ask of the connection. */
import type { Connection } from './connection.ts';

let connection: Connection | null = null;

/** The connection that is there from now on. */
export function attachConnection(opened: Connection): void {
  connection = opened;
}

/** In a replay: shows the run as of this record. */
export function seek(seq: number): void {
  connection?.seek(seq);
}

/**
 * The seam between SessionMesh and the world: time, randomness, ids, files, network and processes.
 *
 * Nothing else in the library reads a clock, sets a timer, draws a random number, makes an id, opens a
 * file, a socket or a database, or starts a program. That is what lets a test, a simulation or a replay
 * own the world completely.
 */
import { customAlphabet } from 'nanoid';
import { systemClock, type Clock } from './env/clock.ts';
import { systemFiles, type Files } from './env/files.ts';
import { systemNetwork, type Network } from './env/network.ts';
import { systemProcesses, type Processes } from './env/processes.ts';

export { sleep, type Clock, type Timer } from './env/clock.ts';
export type { Files } from './env/files.ts';
export { isPort, type Network } from './env/network.ts';
export type { Processes } from './env/processes.ts';

/** Everything that is not a function of its arguments. Injected once, at `createMesh`. */
export interface Env {
  readonly clock: Clock;
  /** A number in [0, 1). Used for jitter only, never for secrets. */
  readonly random: () => number;
  /** A new id that was never returned before: letters and digits, safe in a URL and as an argument. */
  readonly id: () => string;
  readonly files: Files;
  readonly network: Network;
  readonly processes: Processes;
}

const lettersAndDigits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As long as a plain nanoid. Without its `-`, which would make an option of an id in a command line. */
const makeId = customAlphabet(lettersAndDigits, 21);

/** The real world. The default of every `env` option. */
export const systemEnv: Env = {
  clock: systemClock,
  random: () => Math.random(),
  id: () => makeId(),
  files: systemFiles,
  network: systemNetwork,
  processes: systemProcesses,
};

/** The machines, by name. Also the list that charts are drawn from. */
import { callMachine } from './call.ts';
import { connectionMachine } from './connection.ts';
import { memberMachine } from './member.ts';
import { sessionMachine } from './session.ts';

export const machines = {
  session: sessionMachine,
  connection: connectionMachine,
  call: callMachine,
  member: memberMachine,
};

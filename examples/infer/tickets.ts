/** Plain functions: nothing here knows of sessions or tools. */

/** A ticket as the tracker knows it. */
export interface Ticket {
  readonly id: string;
  readonly state: 'open' | 'closed';
  readonly dueAt: Date;
}

const tickets: readonly Ticket[] = [
  { id: 'ENG-1', state: 'open', dueAt: new Date('2026-03-01') },
  { id: 'ENG-2', state: 'closed', dueAt: new Date('2026-02-01') },
];

/**
 * Lists the tickets that are due before a day.
 * @param before the day
 * @param state only tickets in this state
 */
export function listDue(before: Date, state: Ticket['state'] = 'open'): readonly Ticket[] {
  return tickets.filter((ticket) => ticket.state === state && ticket.dueAt < before);
}

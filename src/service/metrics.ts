/** Figures for Prometheus, in its text form. None of them names a session. */
import type { ServiceCore } from './service-core.ts';

interface Figure {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

const gauge = (name: string, help: string, value: number): Figure => ({
  name,
  kind: 'gauge',
  help,
  value,
});

const counter = (name: string, help: string, value: number): Figure => ({
  name,
  kind: 'counter',
  help,
  value,
});

function serviceFigures({
  keeper,
  calls,
  questions,
  stream,
  leases,
}: ServiceCore): readonly Figure[] {
  return [
    gauge('codex_up', 'Whether Codex can be asked.', Number(keeper.health.running)),
    gauge('calls_pending', 'Tool calls that wait for a client.', calls.size),
    gauge('questions_pending', 'Approvals and questions that wait for a person.', questions.size),
    gauge('streams', 'Streams that are open.', stream.size),
    gauge('leases', 'Leases that are held.', leases.held),
    counter('frames_published_total', 'Frames published since the start.', stream.published),
  ];
}

function meshFigures({ keeper }: ServiceCore): readonly Figure[] {
  if (!keeper.health.running) return [];
  const { sessions, running, waiting, unconfirmed, repeated, late, strays, ...more } =
    keeper.mesh.stats;
  const { reused, ledger } = more;
  return [
    gauge('sessions', 'Sessions that are served.', sessions),
    gauge('handlers_running', 'Handlers of this process that run.', running),
    gauge('handlers_waiting', 'Calls that wait for a handler of this process.', waiting),
    gauge('answers_unconfirmed', 'Answers that Codex has not confirmed.', unconfirmed),
    counter('calls_repeated_total', 'Calls that came again and were not shown again.', repeated),
    counter('answers_late_total', 'Answers that came after their call was over.', late),
    counter('calls_reused_total', 'Calls under a used key that asked for something else.', reused),
    gauge('ledger_calls_open', 'Calls that are not over.', ledger.open),
    gauge('ledger_calls_finished', 'Finished calls that are remembered.', ledger.finished),
    counter(
      'ledger_calls_forgotten_early_total',
      'Finished calls that were forgotten before their time, for want of room.',
      ledger.forgottenEarly,
    ),
    counter('calls_stray_total', 'Calls of sessions that are not served.', strays),
  ];
}

/** The figures as they are now. */
export function metricsText(core: ServiceCore): string {
  return [...serviceFigures(core), ...meshFigures(core)]
    .map(({ name, kind, help, value }) => {
      const full = `sessionmesh_${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${kind}\n${full} ${value}\n`;
    })
    .join('');
}

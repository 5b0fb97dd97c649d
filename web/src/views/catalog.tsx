/** The tools of a session, exactly as the model is told of them. */
import { useFetched } from '../model/fetched.ts';
import type { ShownSession } from '../model/session-fold.ts';
import { jsonText } from '../model/words.ts';

interface ToolSpec {
  readonly type?: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
  readonly deferLoading?: boolean;
  readonly tools?: readonly ToolSpec[];
}

function ToolEntry({ tool, namespace }: { tool: ToolSpec; namespace?: string }) {
  const { name, description, inputSchema, deferLoading, tools } = tool;
  if (tools) {
    return (
      <li class="tool">
        <h3>
          {name} <span class="quiet">namespace of {tools.length}</span>
        </h3>
        <p>{description}</p>
        <ul class="tools">
          {tools.map((inner) => (
            <ToolEntry key={inner.name} tool={inner} namespace={name} />
          ))}
        </ul>
      </li>
    );
  }
  return (
    <li class="tool">
      <h3>
        {namespace && <span class="quiet">{namespace}/</span>}
        {name}
        {deferLoading && <span class="chip-flat">found by search</span>}
      </h3>
      <p>{description}</p>
      <details>
        <summary>Input schema</summary>
        <pre>{jsonText(inputSchema)}</pre>
      </details>
    </li>
  );
}

/** The pane. */
export function CatalogPane({ sessionId, shown }: { sessionId: string; shown: ShownSession }) {
  const path = `/api/inspect/sessions/${encodeURIComponent(sessionId)}/catalog`;
  const fetched = useFetched(path, shown.session.status);
  if (fetched.type === 'asking') return <p class="quiet pad">Reading the catalog …</p>;
  const names = shown.session.tools;
  if (fetched.type === 'failed') {
    return names.length === 0 ? (
      <div class="empty">
        <h2>No tools</h2>
        <p>The model of this session can call nothing of ours.</p>
      </div>
    ) : (
      <ul class="tools">
        {names.map((name) => (
          <li key={name} class="tool">
            <h3>{name}</h3>
          </li>
        ))}
      </ul>
    );
  }
  const { tools = [], text = '' }: { tools?: readonly ToolSpec[]; text?: string } = Object(
    fetched.body,
  );
  if (tools.length === 0) {
    return (
      <div class="empty">
        <h2>No tools</h2>
        <p>The model of this session can call nothing of ours.</p>
      </div>
    );
  }
  return (
    <div class="catalog">
      <ul class="tools">
        {tools.map((tool) => (
          <ToolEntry key={tool.name} tool={tool} />
        ))}
      </ul>
      {text !== '' && (
        <details class="catalog-text">
          <summary>The same in words</summary>
          <pre>{text}</pre>
        </details>
      )}
    </div>
  );
}

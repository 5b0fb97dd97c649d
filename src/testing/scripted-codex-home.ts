/** A private `CODEX_HOME` whose model is scripted, so that the real Codex runs without an account. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScriptedModel } from './scripted-model.ts';
import { mergeToml, toToml, type TomlTable } from './toml.ts';

/** A `CODEX_HOME` on disk. */
export interface ScriptedCodexHome {
  /** The folder, which only its owner may enter. */
  readonly path: string;
  /** What to add to the environment of Codex. */
  readonly env: { readonly CODEX_HOME: string };
  /** Deletes the folder with all that Codex left in it. Idempotent; end Codex first. */
  remove(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What to write. */
export interface ScriptedCodexHomeOptions {
  /**
   * The folder to make the home in. Default: the system's temporary folder, where Codex warns on stderr
   * that it makes no helper binaries.
   */
  readonly directory?: string;
  /** The model's name. Default: `scripted`, for which Codex falls back to metadata of its own and warns. */
  readonly model?: string;
  /** Laid over the configuration, tables merged. */
  readonly config?: TomlTable;
}

/**
 * Makes a home for a Codex that talks to `model` and to nobody else. Codex's own tools (shell, image
 * viewer, web search, sub-agents, goals), its skills, plugins and apps are off, so that a session has the
 * tools that were given to it and little more; `config` turns on what a test is about.
 */
export async function scriptedCodexHome(
  model: Pick<ScriptedModel, 'url'>,
  options: ScriptedCodexHomeOptions = {},
): Promise<ScriptedCodexHome> {
  const config = mergeToml(
    quietConfig(model.url, options.model ?? 'scripted'),
    options.config ?? {},
  );
  // A folder that mkdtemp makes has mode 0700.
  const path = await mkdtemp(join(options.directory ?? tmpdir(), 'codex-home-'));
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  try {
    await writeFile(join(path, 'config.toml'), toToml(config), { mode: 0o600 });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, env: { CODEX_HOME: path }, remove, [Symbol.asyncDispose]: remove };
}

function quietConfig(url: string, model: string): TomlTable {
  return {
    model,
    model_provider: 'scripted',
    web_search: 'disabled',
    check_for_update_on_startup: false,
    // An AGENTS.md of the folder it runs in is not for it.
    project_doc_max_bytes: 0,
    analytics: { enabled: false },
    agents: { enabled: false },
    skills: { include_instructions: false, bundled: { enabled: false } },
    model_providers: {
      scripted: {
        name: 'Scripted',
        base_url: url,
        wire_api: 'responses',
        supports_websockets: false,
        // What the script says is final.
        request_max_retries: 0,
        stream_max_retries: 0,
      },
    },
    features: {
      // A login shell at every thread/start.
      shell_snapshot: false,
      // `git ls-remote` of a repository on the internet at every start.
      plugins: false,
      apps: false,
      // Without this a turn waits for ever for a model that was closed.
      unbounded_connection_retries: false,
      shell_tool: false,
      view_image: false,
      goals: false,
    },
  };
}

/** Panes of which one is shown. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** What tabs are made of. */
export interface TabsProps<Name extends string> {
  readonly names: readonly Name[];
  readonly label: string;
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
  readonly children: ComponentChildren;
}

/** The tabs above the pane that is shown. Arrow keys move between them. */
export function Tabs<Name extends string>({
  names,
  label,
  chosen,
  onChoose,
  children,
}: TabsProps<Name>) {
  const id = useId();
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length];
    if (next === undefined) return;
    onChoose(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  return (
    <section class="tabs">
      <div role="tablist" aria-label={label} class="tab-list" onKeyDown={onKeyDown}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            data-tab={name}
            aria-selected={name === chosen}
            aria-controls={`${id}-pane`}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-pane`}
        aria-labelledby={`${id}-${chosen}`}
        class="tab-pane"
        tabIndex={0}
      >
        {children}
      </div>
    </section>
  );
}

/** Light, dark, or as the system has it. Remembered in this browser. */
import { effect, signal } from '@preact/signals';

type Theme = 'system' | 'light' | 'dark';

const order: readonly Theme[] = ['system', 'light', 'dark'];
const place = 'sessionmesh-theme';

function remembered(): Theme {
  const value = localStorage.getItem(place);
  return order.find((theme) => theme === value) ?? 'system';
}

const theme = signal<Theme>(remembered());

const dark = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(dark.matches);
dark.addEventListener('change', ({ matches }) => (systemDark.value = matches));

/** Whether the page is dark right now: plots paint their own colours. */
export const isDark = () =>
  theme.value === 'dark' || (theme.value === 'system' && systemDark.value);

effect(() => {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
});

function next(): void {
  const following = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'system';
  theme.value = following;
  localStorage.setItem(place, following);
}

const signs: Record<Theme, string> = { system: '◐', light: '○', dark: '●' };

/** The switch. */
export function ThemeSwitch() {
  const text = `Colours: ${theme.value}`;
  return (
    <button type="button" class="icon-button" onClick={next} aria-label={text} title={text}>
      <span aria-hidden="true">{signs[theme.value]}</span>
    </button>
  );
}

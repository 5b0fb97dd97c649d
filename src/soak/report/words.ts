/** Numbers and times as people read them, and texts that cannot become anything else in a page. */

/** `0.4 ms`, `37 ms`, `1.25 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function timeText(ms: number): string {
  if (ms === 0) return '0 ms';
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toPrecision(3))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 7_200) return mixed(seconds, 60, ['min', 's']);
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2_880) return mixed(minutes, 60, ['h', 'min']);
  return mixed(Math.round(ms / 3_600_000), 24, ['d', 'h']);
}

/** So many small units as large ones, of which each has `size`, and what is over. */
function mixed(count: number, size: number, [large, small]: readonly [string, string]): string {
  const over = count % size;
  const whole = `${Math.floor(count / size)} ${large}`;
  return over === 0 ? whole : `${whole} ${over} ${small}`;
}

/** `1,234,567`. */
export function countText(count: number): string {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** `1.5 MiB` for a gauge of bytes, and a plain number for any other. */
export function levelText(gauge: string, level: number): string {
  if (isBytes(gauge)) return bytesText(level);
  return Number.isInteger(level) ? countText(level) : level.toPrecision(3);
}

/** `1.5 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1_024 && unit < byteUnits.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))} ${byteUnits[unit] ?? 'B'}`;
}

/** Whether a gauge counts bytes, by its name. */
export function isBytes(gauge: string): boolean {
  return /bytes|heap|memory|rss/i.test(gauge);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or an attribute of a page. Control characters become blanks. */
export function escapeText(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** Text for a terminal: nothing in it moves the cursor or colours anything. */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** What is known of something besides its state: names, and a word on each. */
import type { ComponentChildren } from 'preact';

export type Facts = readonly (readonly [string, ComponentChildren])[];

export function FactList({ facts }: { facts: Facts }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

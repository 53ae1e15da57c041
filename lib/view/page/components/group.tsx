// A titled group of the inspector, and a name with its value.

import type { ComponentChildren } from 'preact';

export function Group({
  title,
  note,
  children,
}: {
  title: string;
  note?: string | undefined;
  children: ComponentChildren;
}) {
  return (
    <div class="group" role="group" aria-label={title}>
      <div class="group-head">
        <h3>{title}</h3>
        {note !== undefined && <span class="group-note">{note}</span>}
      </div>
      {children}
    </div>
  );
}

export function Value({ name, value }: { name: string; value: string }) {
  return (
    <div class="row value" role="group" aria-label={name}>
      <span>{name}</span>
      <b>{value}</b>
    </div>
  );
}

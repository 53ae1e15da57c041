// Shapes drawn with currentColor, so that high-contrast modes can color them.

import type { ComponentChildren } from 'preact';
import type { Shape } from '../model/states';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const LINE = { fill: 'none', stroke: 'currentColor', 'stroke-width': '1.6' } as const;

export function PauseIcon() {
  return (
    <Icon>
      <path d="M4 3h3v10H4zM9.5 3h3v10h-3z" fill="currentColor" />
    </Icon>
  );
}

export function PlayIcon() {
  return (
    <Icon>
      <path d="M4 2.5v11l9-5.5z" fill="currentColor" />
    </Icon>
  );
}

export function BackIcon() {
  return (
    <Icon>
      <path d="M3 3h2v10H3zM13 3v10L6 8z" fill="currentColor" />
    </Icon>
  );
}

export function ForwardIcon() {
  return (
    <Icon>
      <path d="M11 3h2v10h-2zM3 3v10l7-5z" fill="currentColor" />
    </Icon>
  );
}

export function SaveIcon() {
  return (
    <Icon>
      <path d="M8 2v8M4.8 7 8 10.2 11.200 7M2.500 10v3.500h11V10" {...LINE} />
    </Icon>
  );
}

export function CopyIcon() {
  return (
    <Icon>
      <path d="M6 5.500h7.500V14H6zM10 5.500V2H2.500v8.500H6" {...LINE} />
    </Icon>
  );
}

export function LinkIcon() {
  return (
    <Icon>
      <path
        d="M6.500 9.500l3-3M7 4.500l1.800-1.800a3 3 0 0 1 4.300 4.300L11.300 8.800M9 11.500l-1.800 1.800a3 3 0 0 1-4.300-4.300L4.700 7.200"
        {...LINE}
      />
    </Icon>
  );
}

export function ThemeIcon() {
  return (
    <Icon>
      <circle cx="8" cy="8" r="6" {...LINE} />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </Icon>
  );
}

export function TriangleIcon() {
  return (
    <Icon>
      <path d="M8 2l6.500 12h-13z" fill="currentColor" />
    </Icon>
  );
}

/** The shape of a state. */
export function StateIcon({ shape }: { shape: Shape }) {
  switch (shape) {
    case 'disc':
      return (
        <Icon>
          <circle cx="8" cy="8" r="5" fill="currentColor" />
        </Icon>
      );
    case 'ring':
      return (
        <Icon>
          <circle cx="8" cy="8" r="5" {...LINE} />
          <circle cx="8" cy="8" r="2" fill="currentColor" />
        </Icon>
      );
    case 'dashed':
      return (
        <Icon>
          <circle cx="8" cy="8" r="5" {...LINE} stroke-dasharray="2.6 2.6" />
        </Icon>
      );
    case 'triangle':
      return <TriangleIcon />;
    case 'crossed':
      return (
        <Icon>
          <path
            d="M3 2h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zm2.800 2.600L4.600 5.800 6.800 8l-2.200 2.200 1.200 1.200L8 9.200l2.200 2.200 1.200-1.200L9.200 8l2.200-2.200-1.200-1.200L8 6.800z"
            fill="currentColor"
            fill-rule="evenodd"
          />
        </Icon>
      );
    case 'play':
      return <PlayIcon />;
  }
}

// The handles of region and profile: dragged, or moved with the arrow keys.

import { placeOf } from '../model/image-geometry';
import type { Four } from '../model/settings';
import { usePage } from './context';

interface HandleSpec {
  readonly name: string;
  readonly row: number;
  readonly column: number;
  readonly isRound: boolean;
  /** It is seen only when it has the focus or the pointer. */
  readonly isInner?: boolean;
  /** Moves the handle to a pixel. */
  readonly move: (row: number, column: number) => void;
}

export function Handles() {
  const { app, stage } = usePage();
  const geometry = stage.value?.geometry.value;
  const margins = stage.value?.margins.value;
  const settings = app.selection.settings.value;
  if (geometry === undefined || margins === undefined || settings === undefined) return null;
  const { rows, columns } = geometry;
  const specs: HandleSpec[] = [
    ...(settings.region === undefined ? [] : regionHandles(settings.region, rows, columns, setRegion)),
    ...(settings.line === undefined ? [] : lineHandles(settings.line, rows, columns, setLine)),
  ];
  return (
    <>
      {specs.map((spec) => {
        const [x, y] = placeOf(geometry, spec.row, spec.column);
        return <Handle key={spec.name} spec={spec} left={margins.left + x} top={margins.top + y} />;
      })}
    </>
  );

  function setRegion(region: Four): void {
    app.selection.change({ region });
  }

  function setLine(line: Four): void {
    app.selection.change({ line });
  }
}

function Handle({ spec, left, top }: { spec: HandleSpec; left: number; top: number }) {
  const { stage } = usePage();
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.shiftKey ? 10 : 1;
    const move = { ArrowUp: [-by, 0], ArrowDown: [by, 0], ArrowLeft: [0, -by], ArrowRight: [0, by] }[
      event.key
    ];
    if (event.key === 'Escape' && event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    spec.move(Math.floor(spec.row) + (move[0] ?? 0), Math.floor(spec.column) + (move[1] ?? 0));
  };
  const onPointerDown = (event: PointerEvent): void => {
    if (!(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    event.stopPropagation();
    const target = event.currentTarget;
    target.focus();
    target.setPointerCapture(event.pointerId);
    target.onpointermove = (moved) => {
      const at = stage.value?.pixelAt(moved.clientX, moved.clientY);
      if (at !== undefined) spec.move(at[0], at[1]);
    };
    target.onpointerup = target.onpointercancel = () => (target.onpointermove = null);
  };
  return (
    <button
      type="button"
      class={`handle ${spec.isRound ? 'is-round' : ''} ${spec.isInner === true ? 'is-inner' : ''}`}
      aria-label={`${spec.name}, row ${Math.floor(spec.row)}, column ${Math.floor(spec.column)}`}
      style={{ left: `${left}px`, top: `${top}px` }}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
    />
  );
}

function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

function regionHandles(
  [row, column, height, width]: Four,
  rows: number,
  columns: number,
  set: (region: Four) => void,
): HandleSpec[] {
  const bottom = row + height;
  const right = column + width;
  const corner = (name: string, isBottom: boolean, isRight: boolean): HandleSpec => ({
    name: `Region, ${name} corner`,
    row: isBottom ? bottom : row,
    column: isRight ? right : column,
    isRound: false,
    move: (toRow, toColumn) => {
      const firstRow = isBottom ? row : within(toRow, 0, bottom - 1);
      const lastRow = isBottom ? within(toRow, row + 1, rows) : bottom;
      const firstColumn = isRight ? column : within(toColumn, 0, right - 1);
      const lastColumn = isRight ? within(toColumn, column + 1, columns) : right;
      set([firstRow, firstColumn, lastRow - firstRow, lastColumn - firstColumn]);
    },
  });
  const middle: HandleSpec = {
    name: 'Region, all of it',
    row: row + height / 2,
    column: column + width / 2,
    isRound: true,
    isInner: true,
    move: (toRow, toColumn) =>
      set([
        within(toRow - Math.floor(height / 2), 0, rows - height),
        within(toColumn - Math.floor(width / 2), 0, columns - width),
        height,
        width,
      ]),
  };
  return [
    corner('upper left', false, false),
    corner('upper right', false, true),
    corner('lower left', true, false),
    corner('lower right', true, true),
    middle,
  ];
}

function lineHandles(line: Four, rows: number, columns: number, set: (line: Four) => void): HandleSpec[] {
  const [rowA, columnA, rowB, columnB] = line;
  const row = (value: number): number => within(value, 0, rows - 1);
  const column = (value: number): number => within(value, 0, columns - 1);
  return [
    {
      name: 'Profile, end A',
      row: rowA + 0.5,
      column: columnA + 0.5,
      isRound: true,
      move: (toRow, toColumn) => set([row(toRow), column(toColumn), rowB, columnB]),
    },
    {
      name: 'Profile, end B',
      row: rowB + 0.5,
      column: columnB + 0.5,
      isRound: true,
      move: (toRow, toColumn) => set([rowA, columnA, row(toRow), column(toColumn)]),
    },
  ];
}
